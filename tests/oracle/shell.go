package main

import (
	"bufio"
	"encoding/json"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

var bits = []string{
	"a", "b.c", "/", " ", "  ", "\t", "'", "\"", "\\", "\\$", "\\\"", "\\'", "\\\\", "é", ":", "-", "}", "{", "*", "?",
	"$A", "${A}", "$", "${", "${}", "$EMPTY", "$NONE", "${NONE}", "$TWO", "\"$TWO\"", "'$TWO'", "$1", "$A1", "$@", "$é",
	"${A:-x}", "${NONE:-x}", "${EMPTY:-x y}", "${EMPTY-x}", "${NONE:-${A}}", "${NONE:-'x y'}", "${A:+x}", "${NONE:+x}",
	"${EMPTY+x}", "${EMPTY:+x}", "${NONE:?m}", "${EMPTY?m}", "${EMPTY:?m}", "${A:=x}", "${A^}", "${A:", "${A:-", "${A#",
	"${V#v}", "${V#*.}", "${V##*.}", "${V%.*}", "${V%%.*}", "${V%?}", "${V#\\*}", "${V/./_}", "${V//./_}", "${V//[0-9]/x}",
	"${V/*./_}", "${V//?/$A}", "${V/1", "${V/1/}", "${V/$A/b}", "${P%/*}", "${P##*/}", "${TWO// /-}", "${NONE#x}", "${V#\\$}", "${NONE#\\a}", "${NONE/\\a/b}", "${V//\\//x}", "${NONE//x/y}",
}

var modifier = regexp.MustCompile(`\$\{\w+[^}\w]`)

// shellTable prints random texts as JSON lines of [text, expanded, words...], or [text] for one that is refused.
// Texts with a modifier in them have no words.
// The variables are A=a, EMPTY=, V=v1.2.3, TWO="x y" and P=/usr/bin.
func shellTable(count int, seed uint64) error {
	random := rand.New(rand.NewPCG(seed, seed))
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	env := shell.EnvsFromSlice([]string{"A=a", "EMPTY=", "V=v1.2.3", "TWO=x y", "P=/usr/bin"})
	for range count {
		var text strings.Builder
		for range 1 + random.IntN(5) {
			text.WriteString(pick(random, bits))
		}
		row := []string{text.String()}
		result, err := shell.NewLex('\\').ProcessWordWithMatches(text.String(), env)
		if err == nil {
			row = append(row, result.Result)
			// BuildKit forgets what stands before a modifier in the same word.
			if !modifier.MatchString(text.String()) {
				row = append(row, result.Words...)
			}
		}
		line, err := json.Marshal(row)
		if err != nil {
			return err
		}
		out.Write(append(line, '\n'))
	}
	return nil
}
