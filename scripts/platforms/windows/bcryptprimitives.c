// Rust's source of random numbers on Windows 10, which Wine 8 lacks, by the one that it has.

__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *buffer, unsigned long length);

__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *data, unsigned long long length) {
  return SystemFunction036(data, (unsigned long)length);
}

int __stdcall _DllMainCRTStartup(void *module, unsigned reason, void *reserved) { return 1; }
