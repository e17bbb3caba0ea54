# Touches each page of a large stack frame (%rax bytes), as Windows wants it.

    .globl __chkstk
__chkstk:
    pushq %rcx
    pushq %rax
    cmpq $0x1000,%rax
    leaq 24(%rsp),%rcx
    jb 1f
2:  subq $0x1000,%rcx
    testq %rcx,(%rcx)
    subq $0x1000,%rax
    cmpq $0x1000,%rax
    ja 2b
1:  subq %rax,%rcx
    testq %rcx,(%rcx)
    popq %rax
    popq %rcx
    ret
