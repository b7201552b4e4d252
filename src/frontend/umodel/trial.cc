#include "frontend/umodel/trial.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "nn/model.h"

namespace bmnet::frontend {
namespace {

constexpr rlim_t kSeconds = 60;
constexpr int kFinished = 0;

[[noreturn]] void read_and_end(const std::filesystem::path& path) {
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE}) std::signal(signal, SIG_DFL);
  const rlimit no_core{0, 0}, seconds{kSeconds, kSeconds};
  setrlimit(RLIMIT_CORE, &no_core);
  setrlimit(RLIMIT_CPU, &seconds);
  const int nowhere = ::open("/dev/null", O_WRONLY);
  if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
  if (const auto model = nn::Model::load(path)) (void)model->to_graph();
  _exit(kFinished);
}

}  // namespace

Status try_to_read_umodel(const std::filesystem::path& path) {
  const pid_t child = fork();
  if (child < 0) return {};  // no process to be had: the caller reads it without a trial
  if (child == 0) read_and_end(path);
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return {};
  if (WIFEXITED(status) && WEXITSTATUS(status) == kFinished) return {};
  return user_error("{}: damaged: its content cannot be read without a crash; make the UModel again", path.string());
}

}  // namespace bmnet::frontend
