package main

import (
	"bufio"
	"encoding/json"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

var pieces = []string{
	"a", "b", "ab", "*", "**", "?", "a*", "*b", "[a-c]", "[^a]", "[!a]", "[[a-c]", "[ab", "\\*", "\\a",
	".", "..", ".git", "**a", "a**", "**/", "a.b", "é", "[]a]", "[a-]", "(", "+", "{a,b}", "$", "^a", "#a", "a b",
}

var names = []string{"a", "b", "ab", "c", "*", ".git", "a.b", "é", "bb", "aXb", "x", "[", "#a", "a b", "(", "^a", "!", "{a,b}"}

func pick(random *rand.Rand, from []string) string {
	return from[random.IntN(len(from))]
}

func pattern(random *rand.Rand) string {
	var parts []string
	for range 1 + random.IntN(4) {
		parts = append(parts, pick(random, pieces))
	}
	out := strings.Join(parts, "/")
	if random.IntN(6) == 0 {
		out = "/" + out
	}
	if random.IntN(6) == 0 {
		out += "/"
	}
	if random.IntN(8) == 0 {
		out = " " + out
	}
	if random.IntN(8) == 0 {
		out += " "
	}
	if random.IntN(4) == 0 {
		out = "!" + out
	}
	if random.IntN(40) == 0 {
		out = "! " + out
	}
	if random.IntN(20) == 0 {
		out = "#" + out
	}
	return out
}

// row is one ignore file: its text, the paths asked about, and a letter for each
// path: 1 excluded, 0 kept. Without paths, the file is refused.
type row [3]string

// ignoreTable prints random ignore files as JSON lines of [text, paths, verdicts].
func ignoreTable(count int, seed uint64) error {
	random := rand.New(rand.NewPCG(seed, seed))
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for range count {
		var lines []string
		for range 1 + random.IntN(5) {
			lines = append(lines, pattern(random))
		}
		end := "\n"
		if random.IntN(10) == 0 {
			end = "\r\n"
		}
		text := strings.Join(lines, end)
		if random.IntN(3) == 0 {
			text += end
		}
		if random.IntN(12) == 0 {
			text = "\ufeff" + text
		}
		line, err := json.Marshal(verdicts(random, text))
		if err != nil {
			return err
		}
		out.Write(append(line, '\n'))
	}
	return nil
}

func verdicts(random *rand.Rand, text string) row {
	patterns, err := ignorefile.ReadAll(strings.NewReader(text))
	if err != nil {
		return row{text}
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return row{text}
	}
	// Some bad patterns fail only when a path comes as far as them. Each is asked alone,
	// an exclusion behind a pattern that gives it something to exclude.
	for _, pattern := range patterns {
		asked := []string{pattern}
		if strings.HasPrefix(pattern, "!") {
			asked = []string{"**", pattern}
		}
		alone, err := patternmatcher.New(asked)
		if err != nil {
			return row{text}
		}
		if _, err := alone.MatchesOrParentMatches("a"); err != nil {
			return row{text}
		}
	}
	var paths []string
	var found strings.Builder
	for range 8 {
		var parts []string
		for range 1 + random.IntN(4) {
			parts = append(parts, pick(random, names))
		}
		path := strings.Join(parts, "/")
		excluded, err := matcher.MatchesOrParentMatches(path)
		if err != nil {
			return row{text}
		}
		paths = append(paths, path)
		if excluded {
			found.WriteByte('1')
		} else {
			found.WriteByte('0')
		}
	}
	return row{text, strings.Join(paths, "\n"), found.String()}
}
