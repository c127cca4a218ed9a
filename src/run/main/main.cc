#include <string_view>

#include "read/archive/child.h"
#include "run/main/command_line.h"

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == firebreak::archive::kWorkerCommand) return firebreak::archive::worker_main();
  return firebreak::cli::CommandLine().run(argc, argv);
}
