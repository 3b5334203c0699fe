// Checks a history of buyers' calls, as recorded by the flash sale, for linearizability with Porcupine.
//
//	go run . history.json
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

// Of one search; there are three at most.
const searchTimeMax = 60 * time.Second

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: linearizability history.json"))
	}
	history, err := readHistory(os.Args[1])
	if err != nil {
		fail(err)
	}
	fmt.Println(verdictOf(history))
}

func verdictOf(history recordedHistory) string {
	wide := history.wide()
	if !wide.countsHold() {
		return "not linearizable"
	}
	claims := search(claimModel, wide.of("reserve", "commit", "release"))
	if claims != porcupine.Ok {
		return wordsOf(claims)
	}
	if search(shelfModel, history.narrowed().of("reserve", "release", "read")) == porcupine.Ok {
		return wordsOf(porcupine.Ok)
	}
	return wordsOf(search(shelfModel, wide.of("reserve", "release", "read")))
}

func search(model porcupine.Model, history recordedHistory) porcupine.CheckResult {
	return porcupine.CheckOperationsTimeout(model, history.operations(), searchTimeMax)
}

func wordsOf(result porcupine.CheckResult) string {
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
