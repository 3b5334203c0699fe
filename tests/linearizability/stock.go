package main

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// A call as its buyer saw it: what was asked, and what was answered.
type input struct {
	sku      string
	kind     string
	quantity int
	units    int
}

type output struct {
	// ok, refused, or unknown where no answer ever came.
	outcome string
	// Of a read: the figures.
	available int
	sold      int
}

// The stock of one SKU: a bounded counter with holds.
type stock struct {
	available int
	held      int
	sold      int
	// Whether the units have been received: the first operation of each history.
	open bool
}

// stockModel says which orders of operations a single shop assistant with one shelf could have produced. A call whose
// outcome is unknown returns at no time, so that it may have taken effect at any moment or, at the very end, never.
var stockModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		bySku := map[string][]porcupine.Operation{}
		for _, operation := range history {
			sku := operation.Input.(input).sku
			bySku[sku] = append(bySku[sku], operation)
		}
		parts := make([][]porcupine.Operation, 0, len(bySku))
		for _, part := range bySku {
			parts = append(parts, part)
		}
		return parts
	},
	Init:  func() any { return stock{} },
	Step:  func(state, in, out any) (bool, any) { return step(state.(stock), in.(input), out.(output)) },
	Equal: func(one, other any) bool { return one == other },
	DescribeOperation: func(in, out any) string {
		return fmt.Sprintf("%s %d: %s", in.(input).kind, in.(input).quantity, out.(output).outcome)
	},
}

func step(shelf stock, in input, out output) (bool, stock) {
	if !shelf.open {
		shelf = stock{available: in.units, open: true}
	}
	after := shelf
	switch in.kind {
	case "reserve":
		after.available -= in.quantity
		after.held += in.quantity
		fits := after.available >= 0
		if out.outcome == "refused" {
			return !fits, shelf
		}
		return settled(fits, out, shelf, after)
	case "release":
		after.held -= in.quantity
		after.available += in.quantity
		return settled(after.held >= 0, out, shelf, after)
	case "commit":
		after.held -= in.quantity
		after.sold += in.quantity
		return settled(after.held >= 0, out, shelf, after)
	case "read":
		return shelf.available == out.available && shelf.sold == out.sold, shelf
	}
	return false, shelf
}

func settled(possible bool, out output, before stock, after stock) (bool, stock) {
	if possible {
		return true, after
	}
	return out.outcome == "unknown", before
}
