// Lets ThreadSanitizer see what Swift's Synchronization.Mutex does on Linux. Built and preloaded by script/test.
//
// The fast ways of locking and unlocking are atomic instructions that are compiled into whoever locks, so that the sanitizer
// sees them. A lock that is contended goes through two functions of libswiftSynchronization instead, which is not
// instrumented and asks the kernel (FUTEX_LOCK_PI): the order that the lock makes between two threads is then invisible, and
// everything it guards looks like a race. So these two are stood in for, and say what they do, as TSan's interceptors do for
// pthread_mutex_lock. The names are those of Swift's ABI, which is stable in name and calling convention for both.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

// Of the sanitizer's runtime; absent in the other programs that this is preloaded into.
void __tsan_acquire(void *address) __attribute__((weak));
void __tsan_release(void *address) __attribute__((weak));

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

typedef __attribute__((swiftcall)) void lock_function(uint32_t thread, __attribute__((swift_context)) void *handle);
typedef __attribute__((swiftcall)) void unlock_function(__attribute__((swift_context)) void *handle);

lock_function lock_slow __asm__(LOCK);
unlock_function unlock_slow __asm__(UNLOCK);

__attribute__((swiftcall)) void lock_slow(uint32_t thread, __attribute__((swift_context)) void *handle) {
    static lock_function *next;
    if (!next) next = (lock_function *)dlsym(RTLD_NEXT, LOCK);
    next(thread, handle);
    if (__tsan_acquire) __tsan_acquire(handle);
}

__attribute__((swiftcall)) void unlock_slow(__attribute__((swift_context)) void *handle) {
    static unlock_function *next;
    if (!next) next = (unlock_function *)dlsym(RTLD_NEXT, UNLOCK);
    if (__tsan_release) __tsan_release(handle);
    next(handle);
}
