// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that neither the build nor the tests of the server know of it. script/fuzz builds it, with what
// makes the compiler instrument every module and link libFuzzer; a plain `swift build` finds no libFuzzer.
let package = Package(
    name: "Fuzzing",
    dependencies: [.package(name: "muster", path: "..")],
    targets: [
        .systemLibrary(name: "CFuzzer"),
        .executableTarget(
            name: "Fuzz",
            dependencies: ["CFuzzer", .product(name: "MusterModules", package: "muster")],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .strictMemorySafety(),
                .treatAllWarnings(as: .error),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
