#!/usr/bin/env python3
"""Drops files on an X11 window: the source side of XDND, version 5, with python3-xlib.

  xdnd.py WINDOW-ID SECONDS FILE...

Exit status: 0 the window finished the drop, 3 it takes no drops, 4 it refused, 5 it did not answer in time."""
import os
import select
import sys
import time
import urllib.parse

from Xlib import X, Xatom, display
from Xlib.protocol import event


class Source:
    def __init__(self, window, seconds, files):
        self.display = display.Display()
        self.root = self.display.screen().root
        self.target = self.display.create_resource_object("window", window)
        self.end = time.monotonic() + seconds
        self.uris = "".join("file://%s\r\n" % urllib.parse.quote(os.path.abspath(f)) for f in files).encode()
        self.window = self.root.create_window(-2, -2, 1, 1, 0, X.CopyFromParent)
        self.window.set_selection_owner(self.atom("XdndSelection"), X.CurrentTime)

    def atom(self, name):
        return self.display.intern_atom(name)

    def tell(self, kind, *data):
        words = [self.window.id, *data] + [0] * (4 - len(data))
        self.target.send_event(event.ClientMessage(window=self.target, client_type=self.atom(kind), data=(32, words)))
        self.display.flush()

    def serve(self, request):
        """Hands the list of files over to whoever asks for the selection."""
        where, answer = request.property or request.target, X.NONE
        if request.target == self.atom("text/uri-list"):
            request.requestor.change_property(where, request.target, 8, self.uris)
            answer = where
        elif request.target == self.atom("TARGETS"):
            request.requestor.change_property(where, Xatom.ATOM, 32, [self.atom("text/uri-list")])
            answer = where
        request.requestor.send_event(event.SelectionNotify(
            time=request.time, requestor=request.requestor, selection=request.selection, target=request.target, property=answer))
        self.display.flush()

    def wait(self, kind):
        while time.monotonic() < self.end:
            while self.display.pending_events():
                e = self.display.next_event()
                if e.type == X.SelectionRequest:
                    self.serve(e)
                elif e.type == X.ClientMessage and e.client_type == self.atom(kind):
                    return e.data[1]
            select.select([self.display.fileno()], [], [], 0.05)
        print("no", kind, "in time", file=sys.stderr)
        sys.exit(5)

    def drop(self):
        if not self.target.get_full_property(self.atom("XdndAware"), X.AnyPropertyType):
            return 3
        size = self.target.get_geometry()
        at = self.root.translate_coords(self.target, size.width // 2, size.height // 2)
        self.root.warp_pointer(at.x, at.y)
        self.tell("XdndEnter", 5 << 24, self.atom("text/uri-list"))
        self.tell("XdndPosition", 0, at.x << 16 | at.y, X.CurrentTime, self.atom("XdndActionCopy"))
        if not self.wait("XdndStatus")[1] & 1:
            self.tell("XdndLeave")
            return 4
        self.tell("XdndDrop", 0, X.CurrentTime)
        self.wait("XdndFinished")
        return 0


if __name__ == "__main__":
    sys.exit(Source(int(sys.argv[1], 0), float(sys.argv[2]), sys.argv[3:]).drop())
