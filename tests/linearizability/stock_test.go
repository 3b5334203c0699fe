package main

import (
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

func at(moment int64) *int64 { return &moment }

func call(client int, kind string, from int64, to *int64, outcome string) recordedOperation {
	return recordedOperation{
		Client: client, Sku: "A", Kind: kind, Quantity: 1, Call: from, Return: to, Outcome: outcome,
	}
}

func look(from int64, available, sold int) recordedOperation {
	return recordedOperation{
		Client: -1, Sku: "A", Kind: "read", Call: from, Return: at(from + 1), Outcome: "ok",
		Available: available, Sold: sold,
	}
}

func journalled(position int, from, until int64, operation recordedOperation) recordedOperation {
	operation.Entry = &journalEntry{Position: position, From: from, Until: until}
	return operation
}

func TestHistories(t *testing.T) {
	cases := []struct {
		fact       string
		operations []recordedOperation
		is         bool
	}{
		{"one unit is held once and then refused", []recordedOperation{
			call(1, "reserve", 0, at(1), "ok"), call(2, "reserve", 2, at(3), "refused")}, true},
		{"one unit is never held twice", []recordedOperation{
			call(1, "reserve", 0, at(1), "ok"), call(2, "reserve", 2, at(3), "ok")}, false},
		{"one unit is not held twice at once either", []recordedOperation{
			call(1, "reserve", 0, at(9), "ok"), call(2, "reserve", 0, at(9), "ok")}, false},
		{"a unit that nobody has is not refused", []recordedOperation{
			call(1, "reserve", 0, at(1), "refused")}, false},
		{"a unit that comes back only later is refused", []recordedOperation{
			call(1, "reserve", 0, at(1), "ok"), call(2, "reserve", 2, at(3), "refused"),
			call(1, "release", 4, at(5), "ok")}, true},
		{"a unit that came back is not refused", []recordedOperation{
			call(1, "reserve", 0, at(1), "ok"), call(1, "release", 2, at(3), "ok"),
			call(2, "reserve", 4, at(5), "refused")}, false},
		{"an unanswered call may have taken the unit", []recordedOperation{
			call(1, "reserve", 0, nil, "unknown"), call(2, "reserve", 2, at(3), "refused")}, true},
		{"an unanswered call may have taken nothing", []recordedOperation{
			call(1, "reserve", 0, nil, "unknown"), call(2, "reserve", 2, at(3), "ok")}, true},
		{"an unanswered call may have taken the unit for a moment", []recordedOperation{
			call(1, "reserve", 0, nil, "unknown"), call(1, "release", 0, nil, "unknown"),
			call(2, "reserve", 2, at(3), "refused"), call(3, "reserve", 4, at(5), "ok")}, true},
		{"an unanswered call gives back no more than it took", []recordedOperation{
			call(1, "reserve", 0, nil, "unknown"), call(1, "release", 0, nil, "unknown"),
			call(2, "reserve", 2, at(3), "ok"), call(3, "reserve", 4, at(5), "ok")}, false},
		{"a released unit is held again", []recordedOperation{
			call(1, "reserve", 0, at(1), "ok"), call(1, "release", 2, at(9), "ok"),
			call(2, "reserve", 4, at(5), "ok")}, true},
		{"a unit that is given back later is not held now", []recordedOperation{
			call(1, "reserve", 0, at(1), "ok"), call(2, "reserve", 2, at(3), "ok"),
			call(1, "release", 4, at(5), "ok")}, false},
		{"a sold unit is not for sale", []recordedOperation{
			call(1, "reserve", 0, at(1), "ok"), call(1, "commit", 2, at(3), "ok"),
			call(2, "reserve", 4, at(5), "ok")}, false},
		{"what was refused is not sold", []recordedOperation{
			call(1, "reserve", 0, at(1), "ok"), call(2, "reserve", 2, at(3), "refused"),
			call(2, "commit", 4, at(5), "ok")}, false},
		{"what is sold before it was held is not explained", []recordedOperation{
			call(1, "commit", 0, at(1), "ok"), call(1, "reserve", 2, at(3), "ok")}, false},
		{"what was sold is not released", []recordedOperation{
			call(1, "reserve", 0, at(1), "ok"), call(1, "commit", 2, at(3), "ok"),
			call(1, "release", 4, at(5), "ok")}, false},
		{"the last look sees what was sold", []recordedOperation{
			call(1, "reserve", 0, at(1), "ok"), call(1, "commit", 2, at(3), "ok"), look(4, 0, 1)}, true},
		{"the last look does not see more than was sold", []recordedOperation{
			call(1, "reserve", 0, at(1), "ok"), look(4, 0, 1)}, false},
		{"the last look does not see less than was sold", []recordedOperation{
			call(1, "reserve", 0, at(1), "ok"), call(1, "commit", 2, at(3), "ok"), look(4, 0, 0)}, false},
		{"the last look sees what is left", []recordedOperation{
			call(1, "reserve", 0, at(1), "ok"), call(1, "release", 2, at(3), "ok"), look(4, 0, 0)}, false},
		{"the journal's order is one that explains the calls", []recordedOperation{
			journalled(2, 6, 6, call(2, "reserve", 0, at(9), "ok")),
			journalled(1, 3, 3, call(3, "release", 0, nil, "ok")),
			call(3, "reserve", 0, at(1), "ok"),
			call(1, "reserve", 7, at(8), "refused")}, true},
		{"a journal that contradicts the calls does not decide", []recordedOperation{
			journalled(2, 6, 6, call(1, "reserve", 0, at(9), "ok")),
			journalled(1, 3, 3, call(1, "release", 0, at(9), "ok"))}, true},
	}
	for _, each := range cases {
		t.Run(each.fact, func(t *testing.T) {
			history := recordedHistory{Units: map[string]int{"A": 1}, Operations: each.operations}
			if verdict := verdictOf(history); (verdict == "linearizable") != each.is || verdict == "undecided" {
				t.Errorf("linearizable should be %v, and the verdict is %s", each.is, verdict)
			}
		})
	}
}

// What counting refuses is refused by a search through all orders, which is what the claim is about.
func TestCountsRefuseOnlyTheImpossible(t *testing.T) {
	seen := map[bool]int{}
	for seed := range 4_000 {
		history := smallHistory(seed)
		holds := history.countsHold()
		seen[holds]++
		if !holds && porcupine.CheckOperations(shelfModel, history.operations()) {
			t.Fatalf("seed %d: an explicable history was refused: %+v", seed, history.Operations)
		}
	}
	if seen[true] < 100 || seen[false] < 100 {
		t.Errorf("the histories are all alike: %v", seen)
	}
}

// A few calls about two units, drawn from the seed; most are impossible.
func smallHistory(seed int) recordedHistory {
	draw := func(below int) int {
		seed = (seed*1103515245 + 12345) & 0x7fffffff
		return seed >> 8 % below
	}
	history := recordedHistory{Units: map[string]int{"A": 2}}
	for client := range 5 {
		from := int64(draw(12))
		to := from + int64(draw(6))
		outcome := []string{"ok", "refused", "ok"}[draw(3)]
		history.Operations = append(history.Operations, call(client, "reserve", from, &to, outcome))
		if outcome == "ok" && draw(2) == 0 {
			from, until := to+1, to+1+int64(draw(6))
			history.Operations = append(history.Operations, call(client, "release", from, &until, "ok"))
		}
	}
	return history
}

// A crowd over few units, with a journal: what the flash sale records, only bigger.
func TestCrowdIsDecidedSoon(t *testing.T) {
	history := crowd(5_000, 200)
	started := time.Now()
	if verdict := verdictOf(history); verdict != "linearizable" {
		t.Errorf("the crowd's history is linearizable, and the verdict is %s", verdict)
	}
	if taken := time.Since(started); taken > searchTimeMax {
		t.Errorf("it took %s", taken)
	}
	history.Operations = append(history.Operations, call(-2, "reserve", 1<<40, at(1<<40+1), "ok"))
	if verdict := verdictOf(history); verdict != "not linearizable" {
		t.Errorf("one hold more is too many, and the verdict is %s", verdict)
	}
}

// Buyers come every 100 microseconds and wait 10,000 for their answer, so that 100 calls overlap at all times. Every
// ninth who got a unit gives it back after a while.
func crowd(buyers, units int) recordedHistory {
	history := recordedHistory{Units: map[string]int{"A": units}}
	left, position := units, 0
	returns := map[int][]recordedOperation{}
	for client := range buyers {
		for _, release := range returns[client] {
			left++
			position++
			now := int64(client) * 100
			history.Operations = append(history.Operations, journalled(position, now-50, now+50, release))
		}
		now := int64(client)*100 + 50
		reserve := call(client, "reserve", now-int64(1_000+client*7919%4_000), at(now+int64(1_000+client*104_729%4_000)), "refused")
		if left > 0 {
			left--
			position++
			reserve.Outcome = "ok"
			reserve = journalled(position, now-50, now+50, reserve)
			if client%9 == 0 {
				soon := client + 60
				returns[soon] = append(returns[soon], call(client, "release", *reserve.Return+1, nil, "ok"))
			}
		}
		history.Operations = append(history.Operations, reserve)
	}
	return history
}
