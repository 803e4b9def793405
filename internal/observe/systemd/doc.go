// Package systemd tells the service manager how the process stands: sd_notify(3),
// a datagram to the socket that $NOTIFY_SOCKET names. Elsewhere it does nothing.
package systemd
