// What a DLL of Rust takes from Microsoft's C runtime, as far as it does not take it from msvcrt.dll: thread-local
// storage, constructors, and the entry point that calls them. Microsoft's own is on Windows alone; this links an addon to
// try under Wine, and none that is published.

typedef unsigned int u32;
typedef unsigned long long u64;
typedef void (*Constructor)(void);
typedef void(__stdcall *Callback)(void *module, u32 reason, void *reserved);

#pragma section(".tls")
#pragma section(".tls$ZZZ")
#pragma section(".CRT$XCA", read)
#pragma section(".CRT$XCZ", read)
#pragma section(".CRT$XLA", read)
#pragma section(".CRT$XLZ", read)
#pragma section(".rdata$T", read)

// The linker sorts sections by what stands behind the $, and so everything else comes between these.
__declspec(allocate(".tls")) char _tls_start = 0;
__declspec(allocate(".tls$ZZZ")) char _tls_end = 0;
__declspec(allocate(".CRT$XCA")) Constructor __xc_a = 0;
__declspec(allocate(".CRT$XCZ")) Constructor __xc_z = 0;
__declspec(allocate(".CRT$XLA")) Callback __xl_a = 0;
__declspec(allocate(".CRT$XLZ")) Callback __xl_z = 0;

u32 _tls_index = 0;

// IMAGE_TLS_DIRECTORY64
__declspec(allocate(".rdata$T")) const struct {
  u64 start, end;
  u32 *index;
  Callback *callbacks;
  u32 zeros, characteristics;
} _tls_used = {(u64)&_tls_start, (u64)&_tls_end, &_tls_index, &__xl_a + 1, 0, 0};

// The compiler asks for it where there are floating-point numbers.
int _fltused = 0x9875;

// Panics name the type of what they throw by it.
void *type_info_vtable[4] __asm__("??_7type_info@@6B@") = {0};

int __stdcall _DllMainCRTStartup(void *module, u32 reason, void *reserved) {
  const u32 process_attach = 1;
  if (reason == process_attach) {
    for (Constructor *next = &__xc_a + 1; next < &__xc_z; next++) {
      if (*next) (*next)();
    }
  }
  return 1;
}
