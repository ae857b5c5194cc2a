// Package rows holds lists that change while somebody looks at them and presses
// something in them: a row is the same widget for as long as it shows the same.
//
// The toolkit takes a click only where one widget is under the pointer when the
// button goes down and when it comes up, and it finds widgets where the last
// layout put them. A list that is made anew with every piece of news loses
// clicks in both ways: its widgets are others, and fresh texts that wrap stand
// at wrong heights until the next frame is drawn.
package rows
