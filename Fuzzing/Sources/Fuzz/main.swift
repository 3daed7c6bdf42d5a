import CFuzzer
import Glibc

// Fuzz TARGET [what libFuzzer takes: corpus folders, files, -options]
guard CommandLine.arguments.count > 1, Targets.choose(CommandLine.arguments[1]) else {
    fatalError("Which target? One of \(Targets.all.map(\.name).joined(separator: ", "))")
}
var count = CommandLine.argc - 1
// The target's name is taken out; libFuzzer reads the rest behind the program's name.
unsafe CommandLine.unsafeArgv[1] = CommandLine.unsafeArgv[0]
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv + 1
let status = unsafe LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
    // An empty input may come without an address.
    unsafe Targets.run(UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count).span)
    return 0
}
exit(status)
