// Checks a history of buyers' calls, as recorded by the flash sale, for linearizability with Porcupine.
//
//	go run . history.json
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

const checkTimeMax = 60 * time.Second

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
}

type recordedHistory struct {
	// Units of each SKU that were received before the first call.
	Units      map[string]int      `json:"units"`
	Operations []recordedOperation `json:"operations"`
}

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: linearizability history.json"))
	}
	history, err := readHistory(os.Args[1])
	if err != nil {
		fail(err)
	}
	fmt.Println(verdictOf(porcupine.CheckOperationsTimeout(stockModel, history, checkTimeMax)))
}

func readHistory(file string) ([]porcupine.Operation, error) {
	bytes, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var recorded recordedHistory
	if err := json.Unmarshal(bytes, &recorded); err != nil {
		return nil, err
	}
	return operationsOf(recorded), nil
}

func operationsOf(recorded recordedHistory) []porcupine.Operation {
	operations := make([]porcupine.Operation, 0, len(recorded.Operations))
	for _, each := range recorded.Operations {
		returned := int64(math.MaxInt64)
		if each.Return != nil {
			returned = *each.Return
		}
		operations = append(operations, porcupine.Operation{
			ClientId: each.Client,
			Input:    input{sku: each.Sku, kind: each.Kind, quantity: each.Quantity, units: recorded.Units[each.Sku]},
			Output:   output{outcome: each.Outcome, available: each.Available, sold: each.Sold},
			Call:     each.Call,
			Return:   returned,
		})
	}
	return operations
}

func verdictOf(result porcupine.CheckResult) string {
	switch result {
	case porcupine.Ok:
		return "linearizable"
	case porcupine.Illegal:
		return "not linearizable"
	default:
		return "undecided"
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
