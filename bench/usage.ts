/** What `--help` prints. */
export const usage = `npm run bench -- [option]...

Times CNI plugins as a runtime runs them, each call from the start of its process to its end: ours through the daemon and
without it, and any other plugins, all in turn, each in network and mount namespaces of its own. Says how many times quicker
they are than the reference, with an interval of 95 %, and whether this machine was quiet enough to believe it.
docs/bench.md says what each row means.

  npm run bench -- --quick --reference DIR             the rows that matter most, in two minutes
  npm run bench -- --reference DIR --bars bench/bars.json
  npm run bench -- --plugins mine=DIR --plugins theirs=DIR --lanes mine,theirs --list my.conflist

Whose plugins
  --reference DIR      the lane "reference" (PATCHBAY_REFERENCE)
  --plugins NAME=DIR   one more lane with the plugins in a folder; may be repeated
  --lanes A,B          only these, of "daemon", "one-shot", "in one process" (ours with all code warm and nothing started: the
                       floor), "reference", and those of --plugins
  --base NAME          the lane that others are compared with (reference; without it, the first of --plugins)

Which lists
  --chains A,B         of the lists that the bench brings (all; none with --list)
  --list FILE          a network configuration list, as in /etc/cni/net.d; may be repeated. A plugin that publishes ports is
                       given one; "uplink" is the name of the machine's network interface

How much
  --quick              fewer rounds, lists and rows: two minutes with the reference
  --rounds N           how often each list is attached and detached one at a time (30)
  --group-rounds N     rounds of rows in which many containers come and go (6)
  --warm-up N          calls before those that count, through the daemon and in one process; 10 at most otherwise (600)
  --parallel N         containers that are attached, then detached, 16 and 64 at a time (128)
  --drain N            containers of a node that 1, 4 and 16 workers drain (32)
  --gc N               attachments of which GC finds half stale (32)
  --leases N,N         the plain bridge with so many addresses leased to others (1000,10000,30000)
  --storm N            so many ADDs at once, then as many DELs: time, and memory where control groups count it (0)
  --attachments N      the list with ptp with so many containers attached (0; the reference needs minutes for hundreds)
  --attachments-own N  the same for our plugins alone; more than --attachments (0)
  --data-path N,N      what goes through a container when so many are attached, by iperf3; 1,100 is a good choice (none)
  0 leaves a row out.

What comes out
  --bars FILE          says at the end which of the promised ratios in FILE are met (bench/bars.json has ours)
  --strict             ends with status 1 when a bar is missed
  --json FILE          everything that was measured, value by value
  --svg FILE           a chart of the ratios
  --help               this text`
