#include "run/main/command_line.h"

int main(int argc, char** argv) { return firebreak::cli::CommandLine().run(argc, argv); }
