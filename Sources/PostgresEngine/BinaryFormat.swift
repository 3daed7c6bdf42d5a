import CPostgres
import FoundationEssentials
import SQLStorage

/// Numbers of PostgreSQL's built-in types, which never change. Source: `pg_type.dat`.
enum TypeNumber {
    /// Left to the server, which infers it from where the value stands.
    static let inferred: Oid = 0
    static let bool: Oid = 16
    static let bytea: Oid = 17
    static let name: Oid = 19
    static let int8: Oid = 20
    static let int2: Oid = 21
    static let int4: Oid = 23
    static let text: Oid = 25
    static let unknown: Oid = 705
    static let bpchar: Oid = 1042
    static let varchar: Oid = 1043
    static let void: Oid = 2278
    static let uuid: Oid = 2950
    static let byteaArray: Oid = 1001
    static let textArray: Oid = 1009
    static let int8Array: Oid = 1016
    static let uuidArray: Oid = 2951
}

/// A statement and its values as the server reads them.
struct Request {
    let text: String
    let parameters: BinaryParameters

    init(_ text: String, _ values: [SQLValue]) {
        self.text = text
        parameters = BinaryParameters(values.map { .value($0) })
    }

    init(_ text: String, columns: [BulkColumn]) {
        self.text = text
        parameters = BinaryParameters(columns.map { .column($0) })
    }
}

/// All values of one statement in one buffer, in the binary format: one allocation however many rows there are.
struct BinaryParameters {
    enum Parameter {
        case value(SQLValue)
        /// An array; a constant is a single value.
        case column(BulkColumn)
    }

    /// Never empty, so that it always has an address.
    let bytes: [UInt8]
    /// Where each value starts, and its length, or -1 for null.
    let places: [(start: Int, count: Int)]
    let types: [Oid]

    init(_ parameters: [Parameter]) {
        types = parameters.map(\.type)
        var places: [(start: Int, count: Int)] = []
        places.reserveCapacity(parameters.count)
        var start = 0
        for parameter in parameters {
            let count = parameter.byteCount
            places.append((start, count ?? -1))
            start += count ?? 0
        }
        self.places = places
        let total = max(start, 1)
        bytes = unsafe [UInt8](unsafeUninitializedCapacity: total) { buffer, filled in
            unsafe buffer[0] = 0
            var writer = unsafe BinaryWriter(UnsafeMutableRawBufferPointer(buffer))
            for parameter in parameters {
                parameter.write(to: &writer)
            }
            precondition(writer.count == start, "as many bytes as were counted")
            filled = total
        }
    }
}

extension BinaryParameters.Parameter {
    fileprivate var type: Oid {
        switch self {
        case .value(.null): TypeNumber.inferred
        case .value(.integer): TypeNumber.int8
        case .value(.text): TypeNumber.text
        case .value(.blob): TypeNumber.bytea
        case .value(.uuid): TypeNumber.uuid
        case .column(let column):
            switch column.values {
            case .constant: TypeNumber.int8
            case .integers, .optionalIntegers: TypeNumber.int8Array
            case .texts: TypeNumber.textArray
            case .blobs: TypeNumber.byteaArray
            case .uuids: TypeNumber.uuidArray
            }
        }
    }

    /// Nil for null.
    fileprivate var byteCount: Int? {
        switch self {
        case .value(.null): return nil
        case .value(.integer): return 8
        case .value(.text(let text)): return text.utf8.count
        case .value(.blob(let blob)): return blob.count
        case .value(.uuid): return 16
        case .column(let column):
            let elements =
                switch column.values {
                case .constant: -BinaryWriter.arrayHeaderByteCount + 8
                case .integers(let all): all.count * 12
                case .optionalIntegers(let all): all.count * 12 - all.count(where: { $0 == nil }) * 8
                case .texts(let packed), .blobs(let packed): packed.count * 4 + packed.bytes.count
                case .uuids(let all): all.count * 20
                }
            return BinaryWriter.arrayHeaderByteCount + elements
        }
    }

    fileprivate func write(to writer: inout BinaryWriter) {
        switch self {
        case .value(.null): break
        case .value(.integer(let integer)): writer.write(integer)
        case .value(.text(var text)): text.withUTF8 { unsafe writer.write(UnsafeRawBufferPointer($0)) }
        case .value(.blob(let blob)): unsafe blob.withUnsafeBytes { unsafe writer.write($0) }
        case .value(.uuid(let uuid)): writer.write(uuid)
        case .column(let column):
            switch column.values {
            case .constant(let integer, _): writer.write(integer)
            case .integers(let all):
                writer.writeArrayHeader(of: TypeNumber.int8, count: all.count)
                for integer in all {
                    writer.write(Int32(8))
                    writer.write(integer)
                }
            case .optionalIntegers(let all):
                writer.writeArrayHeader(of: TypeNumber.int8, count: all.count)
                for integer in all {
                    guard let integer else {
                        writer.write(Int32(-1))
                        continue
                    }
                    writer.write(Int32(8))
                    writer.write(integer)
                }
            case .texts(let packed): writer.writeArray(packed, of: TypeNumber.text)
            case .blobs(let packed): writer.writeArray(packed, of: TypeNumber.bytea)
            case .uuids(let all):
                writer.writeArrayHeader(of: TypeNumber.uuid, count: all.count)
                for uuid in all {
                    writer.write(Int32(16))
                    writer.write(uuid)
                }
            }
        }
    }
}

/// Writes big-endian values one behind the other into a buffer that was measured before.
@safe private struct BinaryWriter {
    /// Dimensions, "may hold nulls", element type, length, index of the first element: four bytes each.
    static let arrayHeaderByteCount = 20

    private let buffer: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ buffer: UnsafeMutableRawBufferPointer) {
        unsafe self.buffer = buffer
    }

    mutating func write<Integer: FixedWidthInteger & BitwiseCopyable>(_ integer: Integer) {
        unsafe buffer.storeBytes(of: integer.bigEndian, toByteOffset: count, as: Integer.self)
        count += MemoryLayout<Integer>.size
    }

    mutating func write(_ uuid: UUID) {
        unsafe withUnsafeBytes(of: uuid.uuid) { unsafe write($0) }
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) {
        unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count..<(count + bytes.count)]).copyMemory(from: bytes)
        count += bytes.count
    }

    mutating func writeArrayHeader(of element: Oid, count elementCount: Int) {
        write(Int32(1))
        write(Int32(1))
        write(element)
        write(Int32(elementCount))
        write(Int32(1))
    }

    mutating func writeArray(_ packed: PackedBytes, of element: Oid) {
        writeArrayHeader(of: element, count: packed.count)
        unsafe packed.bytes.withUnsafeBytes { bytes in
            for index in 0..<packed.count {
                guard let range = packed[index] else {
                    write(Int32(-1))
                    continue
                }
                write(Int32(range.count))
                unsafe write(UnsafeRawBufferPointer(rebasing: bytes[range]))
            }
        }
    }
}

extension SQLValue {
    /// A value in the binary format, or nil for a type that no table of ours holds.
    ///
    /// Truth values come as 0 and 1, which is what SQLite calls them. `sum` of `BIGINT` is `NUMERIC` and therefore not
    /// read: `CAST(sum(…) AS BIGINT)` means the same on both engines.
    init?(binary bytes: UnsafeRawBufferPointer, type: Oid) {
        switch type {
        case TypeNumber.int8:
            self = .integer(unsafe Int64(bigEndian: bytes.loadUnaligned(as: Int64.self)))
        case TypeNumber.int4:
            self = .integer(unsafe Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self))))
        case TypeNumber.int2:
            self = .integer(unsafe Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self))))
        case TypeNumber.bool:
            self = .integer(unsafe bytes[0] == 0 ? 0 : 1)
        case TypeNumber.text, TypeNumber.varchar, TypeNumber.bpchar, TypeNumber.name, TypeNumber.unknown:
            self = .text(unsafe String(decoding: bytes, as: UTF8.self))
        case TypeNumber.bytea:
            self = .blob(unsafe [UInt8](bytes))
        case TypeNumber.uuid:
            self = .uuid(unsafe UUID(uuid: bytes.loadUnaligned(as: uuid_t.self)))
        // What functions called for their effect return: `SELECT pg_advisory_xact_lock(…)`.
        case TypeNumber.void:
            self = .null
        default:
            return nil
        }
    }
}
