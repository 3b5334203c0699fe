package main

import (
	"testing"

	"github.com/anishathalye/porcupine"
)

func at(moment int64) *int64 { return &moment }

func call(kind string, from int64, to *int64, outcome string) recordedOperation {
	return recordedOperation{Sku: "A", Kind: kind, Quantity: 1, Call: from, Return: to, Outcome: outcome}
}

func TestHistories(t *testing.T) {
	cases := []struct {
		fact       string
		operations []recordedOperation
		is         bool
	}{
		{"one unit is held once and then refused", []recordedOperation{
			call("reserve", 0, at(1), "ok"), call("reserve", 2, at(3), "refused")}, true},
		{"one unit is never held twice", []recordedOperation{
			call("reserve", 0, at(1), "ok"), call("reserve", 2, at(3), "ok")}, false},
		{"a unit that nobody has is not refused", []recordedOperation{
			call("reserve", 0, at(1), "refused")}, false},
		{"an unanswered call may have taken the unit", []recordedOperation{
			call("reserve", 0, nil, "unknown"), call("reserve", 2, at(3), "refused")}, true},
		{"an unanswered call may have taken nothing", []recordedOperation{
			call("reserve", 0, nil, "unknown"), call("reserve", 2, at(3), "ok")}, true},
		{"a released unit is held again", []recordedOperation{
			call("reserve", 0, at(1), "ok"), call("release", 2, at(9), "ok"), call("reserve", 4, at(5), "ok")}, true},
		{"a unit that is given back later is not held now", []recordedOperation{
			call("reserve", 0, at(1), "ok"), call("reserve", 2, at(3), "ok"), call("release", 4, at(5), "ok")}, false},
		{"a sold unit is not for sale", []recordedOperation{
			call("reserve", 0, at(1), "ok"), call("commit", 2, at(3), "ok"), call("reserve", 4, at(5), "ok")}, false},
		{"the last look sees what was sold", []recordedOperation{
			call("reserve", 0, at(1), "ok"), call("commit", 2, at(3), "ok"),
			{Sku: "A", Kind: "read", Call: 4, Return: at(5), Outcome: "ok", Available: 0, Sold: 1}}, true},
		{"the last look does not see more than was sold", []recordedOperation{
			call("reserve", 0, at(1), "ok"),
			{Sku: "A", Kind: "read", Call: 4, Return: at(5), Outcome: "ok", Available: 0, Sold: 1}}, false},
	}
	for _, each := range cases {
		t.Run(each.fact, func(t *testing.T) {
			history := operationsOf(recordedHistory{Units: map[string]int{"A": 1}, Operations: each.operations})
			if porcupine.CheckOperations(stockModel, history) != each.is {
				t.Errorf("linearizable should be %v", each.is)
			}
		})
	}
}
