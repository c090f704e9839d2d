# The latch for x86_64. Why there is one: docs/decisions/0016-held-start.md. Its bytes, and what makes them of this:
# latch.ts. latch-aarch64.s is the same for the other processor.
#
#   /.slipway/latch PROGRAM [ARGUMENT...]
#
#   1. Where /.slipway/wait holds a byte: wait for one on stdin, then empty it. Where it is empty: do not wait.
#   2. Make /dev/null of stdin.
#   3. Become PROGRAM, as execvp(3) of glibc does it.
#
#   125  stdin ended, or /.slipway/wait or /dev/null failed
#   126  PROGRAM cannot be executed
#   127  there is no PROGRAM

        .set    base, 0x400000
        .set    path_room, 0x42000      # a folder of PATH, a slash, a name: a string of a new process has 128 KiB

        .set    read, 0
        .set    write, 1
        .set    open, 2
        .set    close, 3
        .set    execve, 59
        .set    exit, 60
        .set    ftruncate, 77

        .set    ENOENT, 2
        .set    EINTR, 4
        .set    ENOEXEC, 8
        .set    EACCES, 13
        .set    ENOTDIR, 20

        .text
elf:    .byte   0x7f, 'E', 'L', 'F', 2, 1, 1, 0
        .quad   0
        .short  2, 62
        .long   1
        .quad   base + start - elf, segments - elf, 0
        .long   0
        .short  64, 56, 2, 0, 0, 0
segments:
        .long   1, 5                    # PT_LOAD: read, execute
        .quad   0, base, base, end - elf, end - elf, 0x1000
        .long   0x6474e551, 6           # PT_GNU_STACK: not executable
        .quad   0, 0, 0, 0, 0, 16

# r12 &argv[1], r13 envp, r14 argv[1], ebx errno of the best find so far, ebp descriptor of /.slipway/wait

start:  pop     %rcx
        pop     %rax
        mov     %rsp, %r12
        lea     (%rsp,%rcx,8), %r13
        mov     (%rsp), %r14
        sub     $path_room, %rsp
        test    %r14, %r14
        jz      quit

        lea     mark(%rip), %rdi
        mov     $2, %esi                # O_RDWR
        mov     $open, %eax
        syscall
        mov     %eax, %ebp
        mov     %eax, %edi
        mov     %rsp, %rsi
        mov     $1, %edx
        xor     %eax, %eax              # read
        syscall
        cmp     $1, %rax
        jb      begin
        ja      no_mark

wait:   xor     %edi, %edi
        xor     %eax, %eax              # read
        syscall
        cmp     $-EINTR, %rax
        je      wait
        cmp     $1, %rax
        jne     quit
        mov     %ebp, %edi
        xor     %esi, %esi
        mov     $ftruncate, %eax
        syscall
        test    %eax, %eax
        jnz     no_mark

begin:  mov     %ebp, %edi
        mov     $close, %eax
        syscall
        xor     %edi, %edi
        mov     $close, %eax
        syscall
        lea     null(%rip), %rdi
        mov     $2, %esi                # O_RDWR, as the engine opens it
        mov     $open, %eax
        syscall
        test    %eax, %eax
        jnz     quit

        mov     $ENOENT, %ebx
        mov     %r14, %rdi
slash:  mov     (%rdi), %al
        inc     %rdi
        cmp     $'/', %al
        je      as_is
        test    %al, %al
        jnz     slash

        mov     %r13, %rsi
path:   lodsq
        test    %rax, %rax
        jz      no_path
        cmpl    $0x48544150, (%rax)     # PATH
        jne     path
        cmpb    $'=', 4(%rax)
        jne     path
        lea     5(%rax), %rbp
        jmp     folder
no_path:
        lea     usual(%rip), %rbp

folder: mov     %rsp, %rdi
        mov     %rbp, %rsi
copy:   lodsb
        cmp     $':', %al
        je      copied
        test    %al, %al
        jz      copied
        stosb
        jmp     copy
copied: mov     %rsi, %rbp
        cmp     %rsp, %rdi              # an empty one is the working directory
        je      here
        mov     $'/', %al
        stosb
here:   mov     %r14, %rsi
name:   lodsb
        stosb
        test    %al, %al
        jnz     name
        mov     %rsp, %rdi
        call    become
        cmpb    $0, -1(%rbp)
        jne     folder
        jmp     report

as_is:  mov     %r14, %rdi
        call    become

report: lea     none(%rip), %rbp
        mov     $127, %r13d
        cmp     $ENOENT, %ebx
        je      tell
        lea     denied(%rip), %rbp
        dec     %r13d
        cmp     $EACCES, %ebx
        je      tell
        lea     failed(%rip), %rbp
tell:   lea     ours(%rip), %rsi
        call    say
        mov     %r14, %rsi
        call    say
        mov     %rbp, %rsi
        call    say
        mov     %r13d, %edi
        mov     $exit, %eax
        syscall

no_mark:
        lea     mark(%rip), %r14
        lea     broken(%rip), %rbp
        mov     $125, %r13d
        jmp     tell

quit:   mov     $125, %edi
        mov     $exit, %eax
        syscall

# Becomes the program at rdi. Returns, with the reason in ebx, when another folder may have it.
become: mov     %r12, %rsi
        mov     %r13, %rdx
        mov     $execve, %eax
        syscall
        neg     %eax
        cmp     $ENOENT, %eax
        je      back
        cmp     $ENOTDIR, %eax
        je      back
        mov     %eax, %ebx
        cmp     $EACCES, %eax
        je      back
        cmp     $ENOEXEC, %eax
        jne     report
        mov     %rdi, (%r12)            # a script without #! is the shell's
        lea     shell(%rip), %rdi
        mov     %rdi, -8(%r12)
        lea     -8(%r12), %rsi
        mov     $execve, %eax
        syscall
        jmp     report
back:   ret

# Writes the string at rsi to stderr.
say:    xor     %edx, %edx
length: cmpb    $0, (%rsi,%rdx)
        je      out
        inc     %edx
        jmp     length
out:    mov     $2, %edi
        mov     $write, %eax
        syscall
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
