// Package native holds graft's own kernels: a plain Go reference for every op, and faster kernels that agree with it.
package native
