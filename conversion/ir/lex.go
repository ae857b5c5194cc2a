package ir

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// lexer splits the text form into tokens: plain words, quoted strings and single
// characters. "#" starts a comment. The first error sticks.
type lexer struct {
	text string
	line int
	err  error
}

func (l *lexer) fail(format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf("ir: line %d: %s", l.line, fmt.Sprintf(format, args...))
	}
}

func (l *lexer) skip() {
	for l.text != "" {
		switch c := l.text[0]; c {
		case '\n':
			l.line++
			l.text = l.text[1:]
		case ' ', '\t', '\r':
			l.text = l.text[1:]
		case '#':
			i := strings.IndexByte(l.text, '\n')
			if i < 0 {
				i = len(l.text)
			}
			l.text = l.text[i:]
		default:
			return
		}
	}
}

// peek is the next token, "" at the end or after an error.
func (l *lexer) peek() string {
	l.skip()
	if l.err != nil || l.text == "" {
		return ""
	}
	if l.text[0] == '"' {
		q, err := strconv.QuotedPrefix(l.text)
		if err != nil {
			l.fail("a string does not end")
			return ""
		}
		return q
	}
	n := 0
	for n < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[n:])
		exponent := r == '+' && n > 0 && l.text[n-1] == 'e' && strings.ContainsRune("-0123456789", rune(l.text[0]))
		if !plain(r) && !exponent {
			break
		}
		n += size
	}
	if n == 0 {
		_, n = utf8.DecodeRuneInString(l.text)
	}
	return l.text[:n]
}

func (l *lexer) next() string {
	t := l.peek()
	l.text = l.text[len(t):]
	return t
}

// nextSimple is a word of letters, digits, "_" and "." only, as dimensions have.
func (l *lexer) nextSimple() string {
	l.skip()
	n := 0
	for n < len(l.text) && plain(rune(l.text[n])) && !strings.ContainsRune("-/:", rune(l.text[n])) {
		n++
	}
	t := l.text[:n]
	l.text = l.text[n:]
	return t
}

// accept takes the given token if it comes next.
func (l *lexer) accept(t string) bool {
	l.skip()
	if l.err != nil || !strings.HasPrefix(l.text, t) {
		return false
	}
	// A single character may be cut off a longer word ("-" before a symbol), a
	// keyword may not.
	if len(t) > 1 || t == "_" {
		if l.peek() != t {
			return false
		}
	}
	l.text = l.text[len(t):]
	return true
}

func (l *lexer) expect(t string) {
	if !l.accept(t) {
		got := l.peek()
		if got == "" {
			got = "the end"
		}
		l.fail("%q expected, not %s", t, got)
	}
}

// word is a plain or quoted name.
func (l *lexer) word() string {
	t := l.next()
	if strings.HasPrefix(t, `"`) {
		s, err := strconv.Unquote(t)
		if err != nil {
			l.fail("%v", err)
		}
		return s
	}
	if t == "" || !plain(rune(t[0])) {
		l.fail("a name expected, not %q", t)
	}
	return t
}

func (l *lexer) quoted() string {
	if !strings.HasPrefix(l.peek(), `"`) {
		l.fail("a quoted string expected, not %q", l.peek())
		return ""
	}
	return l.word()
}

// ahead reports whether the text goes on with t.
func (l *lexer) ahead(t string) bool {
	l.skip()
	return l.err == nil && strings.HasPrefix(l.text, t)
}

// enclosed takes the text up to the closing parenthesis, and that too.
func (l *lexer) enclosed() string {
	depth := 0
	for i := range len(l.text) {
		switch l.text[i] {
		case '(':
			depth++
		case ')':
			if depth == 0 {
				t := l.text[:i]
				l.text = l.text[i+1:]
				return t
			}
			depth--
		case '\n', '"':
			l.fail("a parenthesis is not closed")
			return ""
		}
	}
	l.fail("a parenthesis is not closed")
	return ""
}
