/**
 * What Node is started with for a server or a worker. These can be given at the start only; units and images of ours repeat
 * them.
 *
 * V8 sizes the space of its young objects by the memory of the machine: on one with 24 GiB a server at rest held 201 MB
 * instead of 140, and starting another program from a process takes the longer the more it holds. It lets old objects grow to
 * a multiple of what lives before it collects, and what C++ holds for garbage grows with them, into pages that glibc never
 * gives back (decision 0044). And it keeps pages that it does not use; `gc` is there to give them back
 * (`src/processes/give-back-memory.ts`).
 */
export const NODE_FLAGS: readonly string[] = [
  '--max-semi-space-size=4',
  '--heap-growing-percent=30',
  '--expose-gc',
];
