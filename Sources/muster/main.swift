import Assembly
import FoundationEssentials
import Glibc

exit(
    await Program.run(
        arguments: CommandLine.arguments, environment: ProcessInfo.processInfo.environment,
        directory: FileManager.default.currentDirectoryPath))
