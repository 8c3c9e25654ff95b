// Checks an exported log and proofs out of it with golang.org/x/mod/sumdb, of which none of us wrote a line:
//
//	check LOGDIR PROOFDIR
//
// Every checkpoint is opened with the published keys and held against the tree over the entries; every proof must hold, and must fail
// once a bit of it is turned.
package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

func demand(held bool, what string) {
	if !held {
		fmt.Fprintln(os.Stderr, what)
		os.Exit(1)
	}
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	must(err, text)
	return n
}

func sorted(pattern string) []string {
	names, err := filepath.Glob(pattern)
	must(err, pattern)
	sort.Strings(names)
	demand(len(names) > 0, "nothing matches "+pattern)
	return names
}

func verifiers(file string) note.Verifiers {
	text, err := os.ReadFile(file)
	must(err, file)
	var list []note.Verifier
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		verifier, err := note.NewVerifier(line[strings.Index(line, " ")+1:])
		must(err, line)
		list = append(list, verifier)
	}
	return note.VerifierList(list...)
}

// open gives size and root of a signed checkpoint, and how many of the known keys signed it.
func open(text []byte, known note.Verifiers) (int64, tlog.Hash, int) {
	opened, err := note.Open(text, known)
	must(err, "checkpoint")
	lines := strings.Split(opened.Text, "\n")
	root, err := tlog.ParseHash(lines[2])
	must(err, lines[2])
	return number(lines[1]), root, len(opened.Sigs)
}

func hashes(lines []string) []tlog.Hash {
	var list []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		must(err, line)
		list = append(list, hash)
	}
	return list
}

func main() {
	logDir, proofDir := os.Args[1], os.Args[2]
	known := verifiers(filepath.Join(logDir, "verifier-keys"))

	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for at, index := range indexes {
			found[at] = stored[index]
		}
		return found, nil
	})
	var entries [][]byte
	for _, name := range sorted(filepath.Join(logDir, "entries", "*.jsonl")) {
		text, err := os.ReadFile(name)
		must(err, name)
		for _, line := range bytes.SplitAfter(text, []byte("\n")) {
			if len(line) == 0 {
				continue
			}
			more, err := tlog.StoredHashes(int64(len(entries)), line, reader)
			must(err, name)
			stored = append(stored, more...)
			entries = append(entries, line)
		}
	}

	crossed := 0
	notes := sorted(filepath.Join(logDir, "checkpoints", "*"))
	for _, name := range notes {
		text, err := os.ReadFile(name)
		must(err, name)
		size, root, signatures := open(text, known)
		mine, err := tlog.TreeHash(size, reader)
		must(err, name)
		demand(mine == root, name+" bears another root")
		if signatures == 2 {
			crossed++
		}
	}
	fmt.Printf("%d entries, %d checkpoints (%d signed by two keys): roots and signatures agree\n", len(entries), len(notes), crossed)

	included := 0
	for _, name := range sorted(filepath.Join(proofDir, "*.tlog-proof")) {
		text, err := os.ReadFile(name)
		must(err, name)
		head, checkpoint, _ := strings.Cut(string(text), "\n\n")
		size, root, _ := open([]byte(checkpoint), known)
		lines := strings.Split(head, "\n")
		demand(lines[0] == "c2sp.org/tlog-proof@v1", name)
		line, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
		must(err, name)
		index := number(strings.TrimPrefix(lines[2], "index "))
		demand(bytes.Equal(line, entries[index]), name+" shows another entry")
		proof := tlog.RecordProof(hashes(lines[3:]))
		must(tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(line)), name)
		theirs, err := tlog.ProveRecord(size, index, reader)
		must(err, name)
		demand(fmt.Sprint(proof) == fmt.Sprint(theirs), name+" is not the proof they make")
		for at := range proof {
			proof[at][at%32] ^= 1
			demand(tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(line)) != nil, name+" holds with a bit turned")
			proof[at][at%32] ^= 1
		}
		included++
	}

	extended := 0
	for _, name := range sorted(filepath.Join(proofDir, "*.consistency")) {
		text, err := os.ReadFile(name)
		must(err, name)
		head, checkpoint, _ := strings.Cut(string(text), "\n\n")
		size, root, _ := open([]byte(checkpoint), known)
		lines := strings.Split(head, "\n")
		older := number(strings.TrimPrefix(lines[0], "old "))
		before, err := tlog.TreeHash(older, reader)
		must(err, name)
		proof := tlog.TreeProof(hashes(lines[1:]))
		must(tlog.CheckTree(proof, size, root, older, before), name)
		for at := range proof {
			proof[at][at%32] ^= 1
			demand(tlog.CheckTree(proof, size, root, older, before) != nil, name+" holds with a bit turned")
			proof[at][at%32] ^= 1
		}
		extended++
	}
	fmt.Printf("%d proofs of entries and %d of extension hold, and fail with any bit turned\n", included, extended)
}
