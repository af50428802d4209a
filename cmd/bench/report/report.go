// Package report owns the figures of a run of the bench: their medians and
// ratios, and how they are shown.
//
// It must not know how they were measured.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/bench/load"
)

// Run is one run of one target.
type Run struct {
	PerSecond   float64       // requests
	P50, P99    time.Duration // of a request
	Bytes       float64       // of an answer
	CPU         float64       // of the server, seconds per request
	DatabaseCPU float64       // seconds per request
	Memory      int64         // of the server after the run, bytes
}

// Figures are the medians of a target's runs.
type Figures struct {
	PerSecond   float64 `json:"requestsPerSecond"`
	P50         float64 `json:"p50Ms"`
	P99         float64 `json:"p99Ms"`
	Bytes       float64 `json:"bytes,omitempty"`
	CPU         float64 `json:"cpuMs,omitempty"`
	DatabaseCPU float64 `json:"databaseCpuMs,omitempty"`
	Memory      float64 `json:"memoryMiB,omitempty"`
}

// Row compares the targets on one endpoint at one number of clients. The ratios
// are medians of the ratios of each round.
type Row struct {
	Endpoint   string   `json:"endpoint"`
	Clients    int      `json:"clients"`
	Gateway    Figures  `json:"gateway"`
	Baseline   Figures  `json:"baseline"`
	Statements *Figures `json:"statements,omitempty"`

	Throughput  float64 `json:"throughputToBaseline"`
	P99         float64 `json:"p99ToBaseline"`
	CPU         float64 `json:"cpuToBaseline"`
	DatabaseCPU float64 `json:"databaseCpuToBaseline"`
	// BaselineToStatements says how honest the baseline is.
	BaselineToStatements float64 `json:"baselineToStatements,omitempty"`
	GatewayToStatements  float64 `json:"gatewayToStatements,omitempty"`
}

// Depth is first and late pages of the largest set of customers.
type Depth struct {
	Rows          int           `json:"rows"`
	Items         int           `json:"items"`
	Page          int           `json:"page"`
	GatewayFirst  time.Duration `json:"gatewayFirstNs"` // page 0, the list made
	GatewayCold   time.Duration `json:"gatewayColdNs"`  // page 0 of 20, the list made
	GatewayKept   time.Duration `json:"gatewayKeptNs"`  // page 1
	GatewayLate   time.Duration `json:"gatewayLateNs"`  // page Page
	BaselineFirst time.Duration `json:"baselineFirstNs"`
	BaselineLate  time.Duration `json:"baselineLateNs"`
}

// Pull is a full daily pull, in seconds.
type Pull struct {
	Pullers      int     `json:"pullers"`
	Requests     int     `json:"requests"`
	Gateway      float64 `json:"gatewaySeconds"`
	Baseline     float64 `json:"baselineSeconds"`
	Statements   float64 `json:"statementsSeconds"`
	ToBaseline   float64 `json:"toBaseline"`
	ToStatements float64 `json:"toStatements"`
}

// NewPull makes the medians of pulls, each in seconds, round by round.
func NewPull(pullers, requests int, gateway, baseline, statements []float64) Pull {
	return Pull{
		Pullers: pullers, Requests: requests,
		Gateway: load.Median(gateway), Baseline: load.Median(baseline), Statements: load.Median(statements),
		ToBaseline: ratio(gateway, baseline), ToStatements: ratio(gateway, statements),
	}
}

// Report is everything one run of the bench found.
type Report struct {
	Machine    string        `json:"machine"`
	Database   string        `json:"database"`
	Size       string        `json:"size"`
	Contracts  int           `json:"contracts"`
	Took       time.Duration `json:"tookNs"`
	StartUp    time.Duration `json:"startUpNs"`
	Binary     int64         `json:"binaryBytes"`
	Memory     int64         `json:"memoryBytes"`
	MemoryMost int64         `json:"memoryMostBytes"`

	MemoryOwn   int64 `json:"memoryOwnBytes"`
	MemoryFiles int64 `json:"memoryFilesBytes"`

	BaselineMemoryMost int64 `json:"baselineMemoryMostBytes"`

	Rows  []Row  `json:"rows"`
	Depth *Depth `json:"depth,omitempty"`
	Pulls []Pull `json:"pulls,omitempty"`
	Leads *Leads `json:"leads,omitempty"`
}

// Add takes up the runs of an endpoint, round by round the same for all targets.
func (r *Report) Add(endpoint string, clients int, gateway, baseline, statements []Run) {
	row := Row{Endpoint: endpoint, Clients: clients, Gateway: medians(gateway), Baseline: medians(baseline)}
	perSecond := func(r Run) float64 { return r.PerSecond }
	row.Throughput = ratio(each(gateway, perSecond), each(baseline, perSecond))
	p99 := func(r Run) float64 { return r.P99.Seconds() }
	row.P99 = ratio(each(gateway, p99), each(baseline, p99))
	cpu := func(r Run) float64 { return r.CPU }
	row.CPU = ratio(each(gateway, cpu), each(baseline, cpu))
	database := func(r Run) float64 { return r.DatabaseCPU }
	row.DatabaseCPU = ratio(each(gateway, database), each(baseline, database))
	if len(statements) > 0 {
		f := medians(statements)
		row.Statements = &f
		row.BaselineToStatements = ratio(each(baseline, perSecond), each(statements, perSecond))
		row.GatewayToStatements = ratio(each(gateway, perSecond), each(statements, perSecond))
	}
	r.Rows = append(r.Rows, row)
}

func each(runs []Run, figure func(Run) float64) []float64 {
	all := make([]float64, len(runs))
	for i, r := range runs {
		all[i] = figure(r)
	}
	return all
}

func medians(runs []Run) Figures {
	const ms = 1000
	return Figures{
		PerSecond:   load.Median(each(runs, func(r Run) float64 { return r.PerSecond })),
		P50:         load.Median(each(runs, func(r Run) float64 { return r.P50.Seconds() * ms })),
		P99:         load.Median(each(runs, func(r Run) float64 { return r.P99.Seconds() * ms })),
		Bytes:       load.Median(each(runs, func(r Run) float64 { return r.Bytes })),
		CPU:         load.Median(each(runs, func(r Run) float64 { return r.CPU * ms })),
		DatabaseCPU: load.Median(each(runs, func(r Run) float64 { return r.DatabaseCPU * ms })),
		Memory:      load.Median(each(runs, func(r Run) float64 { return float64(r.Memory) / (1 << 20) })),
	}
}

// ratio is the median of the ratios of each round, so that a machine that gets
// slower meanwhile changes little.
func ratio(a, b []float64) float64 {
	var all []float64
	for i := range min(len(a), len(b)) {
		if b[i] > 0 {
			all = append(all, a[i]/b[i])
		}
	}
	return load.Median(all)
}

// ThisMachine says what the bench runs on.
func ThisMachine() string {
	about := fmt.Sprintf("%d cores, %s/%s, %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				about = strings.TrimSpace(value) + ", " + about
				break
			}
		}
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		if fields := strings.Fields(string(text)); len(fields) > 0 {
			about += ", load " + fields[0] + " at the start"
		}
	}
	return about
}

// JSON writes everything for a program to read.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Table writes everything for a person to read.
func (r *Report) Table(out io.Writer) error {
	var text strings.Builder
	if len(r.Rows) == 0 && r.Leads != nil {
		fmt.Fprintf(&text, "%s\ntook %s\n\n", r.Machine, r.Took.Round(time.Second))
		r.Leads.write(&text)
		_, err := io.WriteString(out, text.String())
		return err
	}
	fmt.Fprintf(&text, "%s\nMariaDB or MySQL %s, %d contracts, took %s\n\n", r.Machine, r.Database, r.Contracts, r.Took.Round(time.Second))
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "endpoint\tclients\ttarget\treq/s\tp50 ms\tp99 ms\tCPU ms\tDB CPU ms\tMiB\tKiB/answer\t")
	line := func(endpoint, clients, target string, f Figures) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%.1f\t%.1f\t%.1f\t%s\t%s\t%s\t%s\t\n", endpoint, clients, target, f.PerSecond, f.P50, f.P99,
			shown("%.2f", f.CPU), shown("%.2f", f.DatabaseCPU), shown("%.0f", f.Memory), shown("%.1f", f.Bytes/1024))
	}
	for _, row := range r.Rows {
		line(row.Endpoint, strconv.Itoa(row.Clients), "gateway", row.Gateway)
		line("", "", "baseline", row.Baseline)
		if row.Statements != nil {
			line("", "", "statements", *row.Statements)
		}
	}
	fmt.Fprintln(w)
	fmt.Fprintln(w, "gateway to baseline\tclients\tthroughput\tp99\tCPU\tDB CPU\tto statements\tbaseline to statements\t")
	for _, row := range r.Rows {
		fmt.Fprintf(w, "%s\t%d\t%.2f\t%.2f\t%s\t%s\t%s\t%s\t\n", row.Endpoint, row.Clients, row.Throughput, row.P99,
			shown("%.2f", row.CPU), shown("%.2f", row.DatabaseCPU), shown("%.2f", row.GatewayToStatements), shown("%.2f", row.BaselineToStatements))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if d := r.Depth; d != nil {
		fmt.Fprintf(&text, "\ncustomers with %d contracts, pages of %d: page 0 with the list made %s, page 1 %s, page %d %s (%.2f of page 1, %.2f of page 0); baseline page %d %s\n",
			d.Rows, d.Items, round(d.GatewayFirst), round(d.GatewayKept), d.Page, round(d.GatewayLate),
			float64(d.GatewayLate)/float64(d.GatewayKept), float64(d.GatewayLate)/float64(d.GatewayFirst), d.Page, round(d.BaselineLate))
		fmt.Fprintf(&text, "first page of 20, list cold: gateway %s, baseline %s, ratio %.2f\n",
			round(d.GatewayCold), round(d.BaselineFirst), float64(d.GatewayCold)/float64(d.BaselineFirst))
	}
	for _, p := range r.Pulls {
		fmt.Fprintf(&text, "full pull of 1000 customers, %d pullers, %d requests: gateway %.1f s, baseline %.1f s, statements %.1f s; %.2f of the baseline, %.2f of the statements\n",
			p.Pullers, p.Requests, p.Gateway, p.Baseline, p.Statements, p.ToBaseline, p.ToStatements)
	}
	if r.Leads != nil {
		r.Leads.write(&text)
	}
	fmt.Fprintf(&text, "gateway: ready in %s, binary %.1f MB, memory %.1f MiB (own %.1f, of files %.1f), at most %.1f MiB (baseline at most %.1f MiB)\n",
		round(r.StartUp), float64(r.Binary)/1e6, float64(r.Memory)/(1<<20), float64(r.MemoryOwn)/(1<<20), float64(r.MemoryFiles)/(1<<20),
		float64(r.MemoryMost)/(1<<20), float64(r.BaselineMemoryMost)/(1<<20))
	_, err := io.WriteString(out, text.String())
	return err
}

func round(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }

func shown(format string, figure float64) string {
	if figure == 0 {
		return "-"
	}
	return fmt.Sprintf(format, figure)
}

// LastLine writes the ratios of the page of contracts on one line, in the order
// of the numbers of clients.
func (r *Report) LastLine(out io.Writer) error {
	var contract []string
	var honest []float64
	for _, row := range r.Rows {
		if row.Endpoint != "contract" {
			continue
		}
		contract = append(contract, fmt.Sprintf(`"%d":%v`, row.Clients, short(row.Throughput)))
		honest = append(honest, row.BaselineToStatements)
	}
	_, err := fmt.Fprintf(out, `bench {"contract":{%s},"baseline_to_statements":%v}`+"\n",
		strings.Join(contract, ","), short(load.Median(honest)))
	return err
}

// short rounds to two places, downwards: no ratio looks better than it is.
func short(f float64) float64 { return float64(int(f*100)) / 100 }
