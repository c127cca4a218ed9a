// Whatever stands in a segment file: the scanner must come to an end without touching what is not there, and
// what it calls good must be good when it is read again.
#include "base/simulated_files.h"
#include "log/ledger/scan.h"

using namespace firebreak;
using namespace firebreak::ledger;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(reinterpret_cast<const char*>(data), size);
  SimulatedFiles files;
  FIREBREAK_ASSERT(files.make_dir("log"));
  // A good header and the right checksums in front, else the fuzzer would have to invert SHA-256.
  Bytes segment = SegmentHeader{1, 0, {}, sha256("origin")}.encode();
  if (size > 2) {
    FrameHeader header;
    header.count = data[0];
    header.leaves_octets = data[1];
    header.payload_octets = data[2];
    const std::uint64_t octets =
        header.count * kIndexEntryBytes + header.leaves_octets + header.payload_octets;
    header.committed = kSegmentHeaderBytes;
    Bytes body(input.substr(3).substr(0, octets));
    header.body = sha256(body);
    header.append_to(segment);
    body.resize(header.body_octets(), '\0');
    segment += body;
    segment += input.substr(std::min<std::size_t>(size, 3 + octets));
  }
  FIREBREAK_ASSERT(write_plain(files, "log/000001.seg", segment));
  std::uint64_t entries = 0;
  const Result<ScanResult> scan = scan_segments(files, "log", "origin", [&](const ScannedFrame& frame) {
    FIREBREAK_ASSERT(frame.body.hashes.size() == frame.header.count);
    entries += frame.header.count;
  });
  FIREBREAK_ASSERT(scan && scan->size == entries);
  (void)parse_segment_header(input);
  (void)parse_frame_header(input);
  return 0;
}
