package operator

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	crsmodel "github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/gen/operator/api"
	"github.com/dealerbridge/dealerbridge/gen/operator/model"
	qrmodel "github.com/dealerbridge/dealerbridge/gen/qr/model"
	"github.com/dealerbridge/dealerbridge/server/dealers"
	"github.com/dealerbridge/dealerbridge/server/problem"
	"github.com/dealerbridge/dealerbridge/server/qr"
)

// A machine does not change its serial number, so what a code stands for is
// kept a while; where it stands is asked each time.
const (
	machineLife  = 10 * time.Minute
	machinesKept = 1000
)

// machines asks whose code it is, and remembers a little.
type machines struct {
	source adapters.AssociationReader
	now    func() time.Time
	mu     sync.Mutex
	kept   map[string]keptMachine
}

type keptMachine struct {
	machine qrmodel.Association
	until   time.Time
}

func newMachines(source adapters.AssociationReader, now func() time.Time) *machines {
	return &machines{source: source, now: now, kept: map[string]keptMachine{}}
}

func (m *machines) ask(ctx context.Context, code string) (qrmodel.Association, error) {
	m.mu.Lock()
	kept, ok := m.kept[code]
	m.mu.Unlock()
	if ok && m.now().Before(kept.until) {
		return kept.machine, nil
	}
	found, err := m.source.Association(ctx, code)
	if err != nil {
		return qrmodel.Association{}, fmt.Errorf("asking for the machine behind a code: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.kept) >= machinesKept {
		clear(m.kept) // codes are scanned by people; a full memory is rare
	}
	m.kept[code] = keptMachine{found, m.now().Add(machineLife)}
	return found, nil
}

// GetMachine tells which machine a code belongs to and where it stands.
func (h *Handlers) GetMachine(ctx context.Context, r api.GetMachineRequestObject) (api.GetMachineResponseObject, error) {
	ctx = plain(ctx)
	call, err := callOf(ctx)
	if err != nil {
		return nil, err
	}
	if h.o.Machines == nil {
		return nil, fmt.Errorf("a machine behind a code: %w", problem.ErrNotSetUp)
	}
	code, err := qr.ID(r.Code)
	if err != nil {
		return nil, problem.BadParameter(codeFault(err))
	}
	found, err := h.machines.ask(ctx, code)
	if err != nil {
		return nil, told(err)
	}
	answer := model.Machine{
		Code: code, SerialNumber: found.SerialNumber, Make: found.Make, SmcsCode: found.SmcsCode,
		Stands: []model.MachineStand{},
	}
	if found.PrincipalWork != nil {
		answer.PrincipalWork = found.PrincipalWork.Description
	}
	if found.MarketSegment != nil {
		answer.MarketSegment = found.MarketSegment.Description
	}
	if err := stand(ctx, call.Dealer, &answer); err != nil {
		return nil, err
	}
	return api.GetMachine200JSONResponse(answer), nil
}

// codeFault says what is wrong with a code, without repeating it.
func codeFault(err error) crsmodel.ProblemFault {
	f := crsmodel.ProblemFault{Path: "path.code", Message: "is no id of a QR code"}
	if errors.Is(err, qr.ErrForeign) {
		f.Message = "is not a code of Caterpillar's; their addresses begin with https://" + qr.Host + "/"
	}
	return f
}

// stand adds where the machine stands, or says why that is not known.
func stand(ctx context.Context, d *dealers.Dealer, m *model.Machine) error {
	note := func(text string) { m.Note = &text }
	if m.SerialNumber == nil {
		note("Caterpillar gives no serial number for this code")
		return nil
	}
	if d.Serials == nil {
		note("the rental system cannot be asked for serial numbers")
		return nil
	}
	stands, err := d.Serials.FindSerial(ctx, *m.SerialNumber)
	if errors.Is(err, adapters.ErrMapping) {
		note("the mapping does not say in which column serial numbers stand")
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking where a machine stands: %w", err)
	}
	for _, s := range stands {
		m.Stands = append(m.Stands, model.MachineStand{
			ContractID: s.ContractID, JobsiteID: some(s.JobsiteID), JobsiteName: some(s.JobsiteName),
			Customer: some(s.Customer), CustomerName: some(s.CustomerName),
		})
	}
	return nil
}

// some is a text, or nil for an empty one.
func some(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
