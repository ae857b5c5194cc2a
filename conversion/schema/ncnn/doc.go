// Package ncnn holds what the text of ncnn's .param files needs that both their
// writer (conversion/target/ncnn) and their reader (runtimes/ncnn) spell.
package ncnn
