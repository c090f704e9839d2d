// The latch for aarch64: latch-x86_64.s, which says what it does, for the other processor.

        .set    base, 0x400000
        .set    path_room, 0x42000

        .set    ftruncate, 46
        .set    openat, 56
        .set    close, 57
        .set    read, 63
        .set    write, 64
        .set    exit, 93
        .set    execve, 221

        .set    ENOENT, 2
        .set    EINTR, 4
        .set    ENOEXEC, 8
        .set    EACCES, 13
        .set    ENOTDIR, 20

        .text
elf:    .byte   0x7f, 'E', 'L', 'F', 2, 1, 1, 0
        .quad   0
        .short  2, 183
        .long   1
        .quad   base + start - elf, segments - elf, 0
        .long   0
        .short  64, 56, 2, 0, 0, 0
segments:
        .long   1, 5                    // PT_LOAD: read, execute
        .quad   0, base, base, end - elf, end - elf, 0x10000
        .long   0x6474e551, 6           // PT_GNU_STACK: not executable
        .quad   0, 0, 0, 0, 0, 16

// x19 &argv[1], x20 envp, x21 argv[1], w22 errno of the best find so far, w23 descriptor of /.slipway/wait,
// x24 the rest of PATH, x25 a reason, w26 an exit code, x27 room for a path, and for the byte

start:  ldr     x0, [sp]
        add     x19, sp, 16
        add     x20, x19, x0, lsl 3
        ldr     x21, [x19]
        sub     sp, sp, path_room
        mov     x27, sp
        cbz     x21, quit

        mov     x0, -100                // AT_FDCWD
        adr     x1, mark
        mov     x2, 2                   // O_RDWR
        mov     x8, openat
        svc     0
        mov     w23, w0
        mov     x1, x27
        mov     x2, 1
        mov     x8, read
        svc     0
        cmp     x0, 1
        b.lo    begin
        b.hi    no_mark

wait:   mov     x0, 0
        svc     0                       // read
        cmn     x0, EINTR
        b.eq    wait
        cmp     x0, 1
        b.ne    quit
        mov     w0, w23
        mov     x1, 0
        mov     x8, ftruncate
        svc     0
        cbnz    w0, no_mark

begin:  mov     w0, w23
        mov     x8, close
        svc     0
        mov     x0, 0
        svc     0                       // close
        mov     x0, -100
        adr     x1, null
        mov     x2, 2                   // O_RDWR, as the engine opens it
        mov     x8, openat
        svc     0
        cbnz    w0, quit

        mov     w22, ENOENT
        mov     x0, x21
slash:  ldrb    w1, [x0], 1
        cmp     w1, '/'
        b.eq    as_is
        cbnz    w1, slash

        mov     x0, x20
        adr     x24, usual
path:   ldr     x1, [x0], 8
        cbz     x1, folder
        ldr     w2, [x1]
        movz    w3, 0x4150              // PATH
        movk    w3, 0x4854, lsl 16
        cmp     w2, w3
        b.ne    path
        ldrb    w2, [x1, 4]
        cmp     w2, '='
        b.ne    path
        add     x24, x1, 5

folder: mov     x0, x27
copy:   ldrb    w1, [x24], 1
        cmp     w1, ':'
        b.eq    copied
        cbz     w1, copied
        strb    w1, [x0], 1
        b       copy
copied: cmp     x0, x27                 // an empty one is the working directory
        b.eq    here
        mov     w1, '/'
        strb    w1, [x0], 1
here:   mov     x2, x21
name:   ldrb    w1, [x2], 1
        strb    w1, [x0], 1
        cbnz    w1, name
        mov     x0, x27
        bl      become
        ldrb    w1, [x24, -1]
        cbnz    w1, folder
        b       report

as_is:  mov     x0, x21
        bl      become

report: adr     x25, none
        mov     w26, 127
        cmp     w22, ENOENT
        b.eq    tell
        adr     x25, denied
        mov     w26, 126
        cmp     w22, EACCES
        b.eq    tell
        adr     x25, failed
tell:   adr     x1, ours
        bl      say
        mov     x1, x21
        bl      say
        mov     x1, x25
        bl      say
        mov     w0, w26
        mov     x8, exit
        svc     0

no_mark:
        adr     x21, mark
        adr     x25, broken
        mov     w26, 125
        b       tell

quit:   mov     w0, 125
        mov     x8, exit
        svc     0

// Becomes the program at x0. Returns, with the reason in w22, when another folder may have it.
become: mov     x28, x0
        mov     x1, x19
        mov     x2, x20
        mov     x8, execve
        svc     0
        cmn     x0, ENOENT
        b.eq    back
        cmn     x0, ENOTDIR
        b.eq    back
        neg     w22, w0
        cmp     w22, EACCES
        b.eq    back
        cmp     w22, ENOEXEC
        b.ne    report
        adr     x0, shell               // a script without #! is the shell's
        stp     x0, x28, [x19, -8]!
        mov     x1, x19
        svc     0                       // execve
        b       report
back:   ret

// Writes the string at x1 to stderr.
say:    mov     x2, 0
length: ldrb    w3, [x1, x2]
        cbz     w3, out
        add     x2, x2, 1
        b       length
out:    mov     x0, 2
        mov     x8, write
        svc     0
        ret

mark:   .asciz  "/.slipway/wait"
null:   .asciz  "/dev/null"
shell:  .asciz  "/bin/sh"
usual:  .asciz  "/bin:/usr/bin"
ours:   .asciz  "slipway: "
none:   .asciz  ": not found\n"
denied: .asciz  ": permission denied\n"
failed: .asciz  ": cannot be executed\n"
broken: .asciz  ": cannot be used\n"
end:
