// Touches each page of a large stack frame (16 times x15 bytes), as Windows wants it.

    .globl __chkstk
__chkstk:
    lsl x16, x15, #4
    mov x17, sp
1:  sub x17, x17, #0x1000
    ldr xzr, [x17]
    subs x16, x16, #0x1000
    b.gt 1b
    ret
