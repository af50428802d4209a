package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// sameAnswers compares what both servers answer, decoded, before anything is
// measured: some whole sweeps of every endpoint.
func (b *bench) sameAnswers(ctx context.Context, w works) error {
	compared := 0
	for _, sweeps := range [][]sweep{w.contract, w.jobsite, w.invoice, w.location, w.catalog, w.incremental} {
		for _, s := range sweeps[:min(len(sweeps), 6)] {
			for _, path := range s.paths {
				var gateway, baseline any
				if err := b.decoded(ctx, path, &gateway, &baseline); err != nil {
					return err
				}
				if at := difference("", gateway, baseline); at != "" {
					return fmt.Errorf("the answers to %s differ at %s", path, at)
				}
				compared++
			}
		}
	}
	b.say("%d answers of gateway and baseline are equal", compared)
	return nil
}

func (b *bench) decoded(ctx context.Context, path string, gateway, baseline any) error {
	var text bytes.Buffer
	if _, err := b.gateway.Get(ctx, path, &text); err != nil {
		return b.withLog(err)
	}
	if err := json.Unmarshal(text.Bytes(), gateway); err != nil {
		return fmt.Errorf("decoding the gateway's answer: %w", err)
	}
	text.Reset()
	if _, err := b.baseline.Get(ctx, path, &text); err != nil {
		return err
	}
	if err := json.Unmarshal(text.Bytes(), baseline); err != nil {
		return fmt.Errorf("decoding the baseline's answer: %w", err)
	}
	return nil
}

// difference is the first place at which two decoded values differ; "" where
// they do not.
func difference(at string, a, b any) string {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			break
		}
		names := map[string]bool{}
		for name := range x {
			names[name] = true
		}
		for name := range y {
			names[name] = true
		}
		sorted := make([]string, 0, len(names))
		for name := range names {
			sorted = append(sorted, name)
		}
		slices.Sort(sorted)
		for _, name := range sorted {
			if d := difference(at+"."+name, x[name], y[name]); d != "" {
				return d
			}
		}
		return ""
	case []any:
		y, ok := b.([]any)
		if !ok {
			break
		}
		for i := range min(len(x), len(y)) {
			if d := difference(fmt.Sprintf("%s[%d]", at, i), x[i], y[i]); d != "" {
				return d
			}
		}
		if len(x) != len(y) {
			return fmt.Sprintf("%s: %d and %d elements", at, len(x), len(y))
		}
		return ""
	}
	if !reflect.DeepEqual(a, b) {
		return fmt.Sprintf("%s: %v and %v", at, a, b)
	}
	return ""
}
