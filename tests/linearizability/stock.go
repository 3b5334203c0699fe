package main

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// A call as its buyer saw it: what was asked, and what was answered.
type input struct {
	sku      string
	client   int
	kind     string
	quantity int
	units    int
	// Of a call whose effect the SKU's journal tells: which of the journal's entries it is, counted from 1. Zero is none.
	position int
}

type output struct {
	// ok, refused, or unknown where no answer ever came.
	outcome string
	// Of a read.
	available int
}

// The units on the shelf of one SKU, and up to where the journal has been followed.
type shelf struct {
	available int
	// Units that calls of unknown outcome have taken: a release of unknown outcome gives back no others.
	loose    int
	position int
	// Whether the units have been received: before the first operation of each history.
	open bool
}

// shelfModel says which orders of holds, refusals and releases a single shop assistant with one shelf could have
// produced. A call whose outcome is unknown returns at no time, so that it may have taken effect at any moment or, at
// the very end, never. Calls that the journal tells of took effect in the journal's order.
var shelfModel = porcupine.Model{
	Partition: partitionBy(func(in input) string { return in.sku }),
	Init:      func() any { return shelf{} },
	Step: func(state, in, out any) (bool, any) {
		return stepShelf(state.(shelf), in.(input), out.(output))
	},
	Equal:             equal,
	DescribeOperation: describe,
}

func stepShelf(before shelf, in input, out output) (bool, shelf) {
	if !before.open {
		before = shelf{available: in.units, open: true}
	}
	after := before
	if in.position > 0 {
		if in.position < before.position {
			return false, before
		}
		after.position = in.position
	}
	switch in.kind {
	case "reserve":
		fits := before.available >= in.quantity
		if out.outcome == "refused" {
			return !fits, before
		}
		after.available -= in.quantity
		if out.outcome == "unknown" {
			after.loose += in.quantity
		}
		return settled(fits, out, before, after)
	case "release":
		after.available += in.quantity
		if out.outcome == "unknown" {
			after.loose -= in.quantity
		}
		return settled(after.available <= in.units && after.loose >= 0, out, before, after)
	case "read":
		return before.available == out.available, before
	}
	return false, before
}

func settled(possible bool, out output, before shelf, after shelf) (bool, shelf) {
	if possible {
		return true, after
	}
	return out.outcome == "unknown", before
}

// What has become of one buyer's claim on one SKU.
type claim string

const (
	none     claim = "none"
	held     claim = "held"
	sold     claim = "sold"
	released claim = "released"
)

// claimModel says how a claim may go: held once, and then either sold or released, once.
var claimModel = porcupine.Model{
	Partition: partitionBy(func(in input) string { return fmt.Sprint(in.sku, " ", in.client) }),
	Init:      func() any { return none },
	Step: func(state, in, out any) (bool, any) {
		return stepClaim(state.(claim), in.(input), out.(output))
	},
	Equal:             equal,
	DescribeOperation: describe,
}

func stepClaim(before claim, in input, out output) (bool, claim) {
	if out.outcome == "refused" {
		return before == none, before
	}
	steps := map[string]struct{ from, to claim }{
		"reserve": {none, held},
		"commit":  {held, sold},
		"release": {held, released},
	}
	step := steps[in.kind]
	if before == step.from {
		return true, step.to
	}
	return out.outcome == "unknown", before
}

func partitionBy(nameOf func(input) string) func([]porcupine.Operation) [][]porcupine.Operation {
	return func(history []porcupine.Operation) [][]porcupine.Operation {
		named := map[string][]porcupine.Operation{}
		for _, operation := range history {
			name := nameOf(operation.Input.(input))
			named[name] = append(named[name], operation)
		}
		parts := make([][]porcupine.Operation, 0, len(named))
		for _, part := range named {
			parts = append(parts, part)
		}
		return parts
	}
}

func equal(one, other any) bool { return one == other }

func describe(in, out any) string {
	return fmt.Sprintf("%s %d: %s", in.(input).kind, in.(input).quantity, out.(output).outcome)
}
