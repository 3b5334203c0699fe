package main

import "sort"

// countsHold looks for what no order of effects could explain, by counting alone: more units certainly off the shelf
// than there are, a refusal although there certainly were enough, or a sold figure that is not the sum of the sales.
// What passes may still be impossible; what fails is impossible, and is told without a search through all orders.
func (history recordedHistory) countsHold() bool {
	for sku, units := range history.Units {
		part := history.ofSku(sku)
		for _, taken := range part.certainlyTaken() {
			if taken.sum > units {
				return false
			}
		}
		if !part.refusalsPossible(units) || !part.soldAddsUp() {
			return false
		}
	}
	return true
}

func (history recordedHistory) ofSku(sku string) recordedHistory {
	part := recordedHistory{Units: history.Units}
	for _, each := range history.Operations {
		if each.Sku == sku {
			part.Operations = append(part.Operations, each)
		}
	}
	return part
}

// From a moment on, so many units.
type step struct {
	at  int64
	sum int
}

// certainlyTaken counts what was surely off the shelf: a hold counts once it was answered, and until its release was
// asked. A release of unknown outcome gives back only what a hold of unknown outcome took.
func (history recordedHistory) certainlyTaken() []step {
	changes := history.changes(func(each recordedOperation) (int64, bool) {
		if each.Kind == "reserve" {
			return each.returned(), each.Outcome == "ok"
		}
		return each.Call, each.Outcome == "ok"
	})
	return sums(changes, func(one, other int) bool { return one < other })
}

// possiblyTaken counts what may have been off the shelf: a hold counts once it was asked, and until its release was answered.
func (history recordedHistory) possiblyTaken() []step {
	changes := history.changes(func(each recordedOperation) (int64, bool) {
		if each.Kind == "reserve" {
			return each.Call, each.Outcome != "refused"
		}
		return each.returned(), each.Outcome == "ok"
	})
	return sums(changes, func(one, other int) bool { return one > other })
}

func (history recordedHistory) changes(when func(recordedOperation) (int64, bool)) []step {
	var changes []step
	for _, each := range history.of("reserve", "release").Operations {
		at, counts := when(each)
		if !counts {
			continue
		}
		change := each.Quantity
		if each.Kind == "release" {
			change = -change
		}
		changes = append(changes, step{at, change})
	}
	return changes
}

// sums adds the changes up; isFirst orders those of one moment.
func sums(changes []step, isFirst func(one, other int) bool) []step {
	sort.Slice(changes, func(i, j int) bool {
		one, other := changes[i], changes[j]
		return one.at < other.at || (one.at == other.at && isFirst(one.sum, other.sum))
	})
	for index := 1; index < len(changes); index++ {
		changes[index].sum += changes[index-1].sum
	}
	return changes
}

// refusalsPossible says whether at some moment of each refusal the units may have been too few.
func (history recordedHistory) refusalsPossible(units int) bool {
	taken := history.possiblyTaken()
	for _, each := range history.Operations {
		if each.Outcome != "refused" {
			continue
		}
		if units-mostBetween(taken, each.Call, each.returned()) >= each.Quantity {
			return false
		}
	}
	return true
}

func mostBetween(steps []step, from, until int64) int {
	most := 0
	for index, each := range steps {
		ends := index+1 == len(steps) || steps[index+1].at >= from
		if each.at <= until && ends {
			most = max(most, each.sum)
		}
	}
	return most
}

func (history recordedHistory) soldAddsUp() bool {
	commits := history.of("commit").Operations
	for _, look := range history.of("read").Operations {
		certain, possible := 0, 0
		for _, each := range commits {
			if each.Call <= look.returned() {
				possible += each.Quantity
			}
			if each.Outcome == "ok" && each.returned() < look.Call {
				certain += each.Quantity
			}
		}
		if look.Sold < certain || look.Sold > possible {
			return false
		}
	}
	return true
}
