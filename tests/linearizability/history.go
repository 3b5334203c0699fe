package main

import (
	"encoding/json"
	"math"
	"os"

	"github.com/anishathalye/porcupine"
)

type recordedOperation struct {
	Client   int    `json:"client"`
	Sku      string `json:"sku"`
	Kind     string `json:"kind"`
	Quantity int    `json:"quantity"`
	// Microseconds; without a return the call was never answered.
	Call      int64  `json:"call"`
	Return    *int64 `json:"return"`
	Outcome   string `json:"outcome"`
	Available int    `json:"available"`
	Sold      int    `json:"sold"`
	// The entry that the SKU's journal has of the operation, where it has one.
	Entry *journalEntry `json:"entry"`
}

// Which entry it is, and between which moments it was written, in the clock of the calls.
type journalEntry struct {
	Position int   `json:"position"`
	From     int64 `json:"from"`
	Until    int64 `json:"until"`
}

type recordedHistory struct {
	// Units of each SKU that were received before the first call.
	Units      map[string]int      `json:"units"`
	Operations []recordedOperation `json:"operations"`
}

func readHistory(file string) (recordedHistory, error) {
	var history recordedHistory
	bytes, err := os.ReadFile(file)
	if err != nil {
		return history, err
	}
	return history, json.Unmarshal(bytes, &history)
}

func (history recordedHistory) of(kinds ...string) recordedHistory {
	chosen := recordedHistory{Units: history.Units}
	for _, each := range history.Operations {
		for _, kind := range kinds {
			if each.Kind == kind {
				chosen.Operations = append(chosen.Operations, each)
			}
		}
	}
	return chosen
}

// narrowed leaves each operation only the time in which the journal says that it took effect. What was never answered
// and is not in the journal either took no effect. Orders of effects that explain the narrowed history explain the
// history as well; where there is none, the history itself has to be asked.
func (history recordedHistory) narrowed() recordedHistory {
	narrowed := recordedHistory{Units: history.Units}
	for _, each := range history.Operations {
		if each.Entry == nil {
			if each.Outcome != "unknown" {
				narrowed.Operations = append(narrowed.Operations, each)
			}
			continue
		}
		each.Outcome = "ok"
		from, until := max(each.Call, each.Entry.From), min(each.returned(), each.Entry.Until)
		if from <= until {
			each.Call, each.Return = from, &until
		}
		narrowed.Operations = append(narrowed.Operations, each)
	}
	return narrowed
}

func (history recordedHistory) wide() recordedHistory {
	wide := recordedHistory{Units: history.Units}
	for _, each := range history.Operations {
		each.Entry = nil
		wide.Operations = append(wide.Operations, each)
	}
	return wide
}

func (operation recordedOperation) returned() int64 {
	if operation.Return == nil {
		return math.MaxInt64
	}
	return *operation.Return
}

func (history recordedHistory) operations() []porcupine.Operation {
	operations := make([]porcupine.Operation, 0, len(history.Operations))
	for _, each := range history.Operations {
		in := input{
			sku: each.Sku, client: each.Client, kind: each.Kind,
			quantity: each.Quantity, units: history.Units[each.Sku],
		}
		if each.Entry != nil {
			in.position = each.Entry.Position
		}
		operations = append(operations, porcupine.Operation{
			ClientId: each.Client,
			Input:    in,
			Output:   output{outcome: each.Outcome, available: each.Available},
			Call:     each.Call,
			Return:   each.returned(),
		})
	}
	return operations
}
