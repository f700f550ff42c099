// Go's net package: a goroutine and a 64 KiB buffer per connection. Go sets
// TCP_NODELAY itself and takes the backlog from net.core.somaxconn.
package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
)

const readBytes = 65536

func echo(conn net.Conn) {
	buffer := make([]byte, readBytes)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		if _, err := conn.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func sink(conn net.Conn) {
	buffer := make([]byte, readBytes)
	count := 0
	for {
		n, err := conn.Read(buffer)
		count += n
		if err != nil {
			fmt.Fprintf(conn, "%d\n", count)
			return
		}
	}
}

func source(conn net.Conn) {
	chunk := make([]byte, 65536)
	for i := range chunk {
		chunk[i] = byte(i*31 + i>>8)
	}
	for {
		if _, err := conn.Write(chunk); err != nil {
			return
		}
	}
}

func lines(conn net.Conn) {
	buffer := make([]byte, readBytes)
	held := 0
	for {
		n, err := conn.Read(buffer[held:])
		if err != nil {
			return
		}
		data := buffer[:held+n]
		for end := bytes.IndexByte(data, '\n'); end >= 0; end = bytes.IndexByte(data, '\n') {
			if _, err := conn.Write(data[:end+1]); err != nil {
				return
			}
			data = data[end+1:]
		}
		held = copy(buffer, data)
	}
}

func answerCollections() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR2)
	for range signals {
		debug.FreeOSMemory()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		fmt.Printf("gc {\"heapUsed\":%d}\n", memory.HeapAlloc)
	}
}

func main() {
	modes := map[string]func(net.Conn){"echo": echo, "sink": sink, "source": source, "lines": lines}
	serve := modes[os.Args[1]]
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go answerCollections()
	fmt.Printf("ready %d\n", listener.Addr().(*net.TCPAddr).Port)
	for {
		conn, err := listener.Accept()
		if err != nil {
			continue
		}
		go func() {
			defer conn.Close()
			serve(conn)
		}()
	}
}
