// Command oracle records what BuildKit's own Dockerfile parser and moby's own
// ignore-file matcher say about the inputs of the tests, so that the tests need no Go.
//
//	go run . dockerfile FILE...   writes FILE.json beside each file
//	go run . stream               reads one JSON string per line, answers one line each
//	go run . ignore N SEED        prints N random ignore files with paths and verdicts
//	go run . shell N SEED         prints N random texts with what they expand to
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

type heredoc struct {
	Name    string `json:"name"`
	FD      uint   `json:"descriptor"`
	Expand  bool   `json:"expand"`
	Chomp   bool   `json:"chomp"`
	Content string `json:"content"`
}

type instruction struct {
	Keyword  string       `json:"keyword"`
	First    int          `json:"first"`
	Last     int          `json:"last"`
	Flags    []string     `json:"flags,omitempty"`
	JSON     bool         `json:"json,omitempty"`
	Values   []string     `json:"values,omitempty"`
	Heredocs []heredoc    `json:"heredocs,omitempty"`
	Trigger  *instruction `json:"trigger,omitempty"`
}

type answer struct {
	// What the first step says: syntax only.
	Error        string        `json:"error,omitempty"`
	Escape       string        `json:"escape,omitempty"`
	Instructions []instruction `json:"instructions,omitempty"`
	// What the second step says: typed instructions.
	Invalid string   `json:"invalid,omitempty"`
	Stages  []string `json:"stages,omitempty"`
}

func of(node *parser.Node) instruction {
	out := instruction{Keyword: node.Value, First: node.StartLine, Last: node.EndLine, Flags: node.Flags, JSON: node.Attributes["json"]}
	for _, h := range node.Heredocs {
		out.Heredocs = append(out.Heredocs, heredoc{h.Name, h.FileDescriptor, h.Expand, h.Chomp, h.Content})
	}
	for next := node.Next; next != nil; next = next.Next {
		if len(next.Children) > 0 {
			sub := of(next.Children[0])
			out.Trigger = &sub
			continue
		}
		out.Values = append(out.Values, next.Value)
	}
	return out
}

func ask(text []byte) (out answer) {
	defer func() {
		if r := recover(); r != nil {
			out = answer{Error: fmt.Sprint("panic: ", r)}
		}
	}()
	result, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return answer{Error: err.Error()}
	}
	out.Escape = string(result.EscapeToken)
	for _, child := range result.AST.Children {
		out.Instructions = append(out.Instructions, of(child))
	}
	stages, _, err := instructions.Parse(result.AST, nil)
	if err != nil {
		out.Invalid = err.Error()
	}
	for _, stage := range stages {
		out.Stages = append(out.Stages, stage.Name+" <- "+stage.BaseName)
	}
	return out
}

func dockerfiles(paths []string) error {
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		golden, err := encode(ask(text), "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(path+".json", golden, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func stream() error {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		var text string
		if err := json.Unmarshal(in.Bytes(), &text); err != nil {
			return err
		}
		line, err := encode(ask([]byte(text)), "")
		if err != nil {
			return err
		}
		out.Write(line)
	}
	return in.Err()
}

func encode(value any, indent string) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	err := encoder.Encode(value)
	return out.Bytes(), err
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) > 1 && args[0] == "dockerfile":
		return dockerfiles(args[1:])
	case len(args) == 1 && args[0] == "stream":
		return stream()
	case len(args) == 3 && (args[0] == "ignore" || args[0] == "shell"):
		count, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		seed, err := strconv.ParseUint(args[2], 10, 64)
		if err != nil {
			return err
		}
		if args[0] == "shell" {
			return shellTable(count, seed)
		}
		return ignoreTable(count, seed)
	}
	return fmt.Errorf("usage: oracle dockerfile FILE... | stream | ignore N SEED | shell N SEED")
}
