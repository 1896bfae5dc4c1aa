#pragma once

#include <stdint.h>
#include <sys/types.h>

/* What the kernel says of a process: for measuring another program from outside. */

/* CPU time of all its threads so far. */
uint64_t proc_cpu_ns(pid_t pid);
/* How long they could have run and had no processor. */
uint64_t proc_waited_ns(pid_t pid);
/* Proportional set size. */
uint64_t proc_pss_bytes(pid_t pid);

/* Datagrams that the kernel has dropped at the sockets of this port. */
uint64_t proc_udp_drops(uint16_t port);

/* Asks for one processor for the calling thread or, before exec, the coming program. */
void proc_pin(int cpu);

uint64_t bench_now_ns(void);    /* monotonic */
uint64_t bench_thread_ns(void); /* CPU time of the calling thread */
