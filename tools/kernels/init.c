/*
 * The first process on a kernel under test, static, from the initial file system: loads the modules beside it, makes the
 * machine's files the root below a layer in memory, runs the script /start with a shell from there, and ends the machine
 * with it. The machine is the share "host" of its hypervisor.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* <linux/module.h> MODULE_INIT_COMPRESSED_FILE: kernels whose modules are compressed unpack them themselves. */
#define COMPRESSED 4
#define SCRIPT_LIMIT 65536

static void end_machine(void) {
    sync();
    reboot(RB_AUTOBOOT);
    _exit(1);
}

static void must(int result, const char *what) {
    if (result >= 0) return;
    fprintf(stderr, "Cannot %s: %s\n", what, strerror(errno));
    end_machine();
}

static void load_module(const char *name) {
    char path[512];
    snprintf(path, sizeof path, "/modules/%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    must(fd, path);
    const char *suffix = strrchr(name, '.');
    int flags = suffix && strcmp(suffix, ".ko") != 0 ? COMPRESSED : 0;
    if (syscall(SYS_finit_module, fd, "", flags) < 0 && errno != EEXIST) must(-1, path);
    close(fd);
}

static int is_module(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

static void load_modules(void) {
    struct dirent **entries;
    int count = scandir("/modules", &entries, is_module, alphasort);
    must(count, "list /modules");
    for (int i = 0; i < count; i++) load_module(entries[i]->d_name);
}

static void mount_root(void) {
    static const char *folders[] = {"/low", "/up", "/new"};
    for (int i = 0; i < 3; i++) mkdir(folders[i], 0755);
    /* Nobody changes the machine's files meanwhile: what was read once is kept. */
    must(mount("host", "/low", "9p", MS_RDONLY, "trans=virtio,version=9p2000.L,msize=524288,cache=loose"), "mount host");
    must(mount("up", "/up", "tmpfs", 0, NULL), "mount /up");
    mkdir("/up/upper", 0755);
    mkdir("/up/work", 0755);
    must(mount("root", "/new", "overlay", 0, "lowerdir=/low,upperdir=/up/upper,workdir=/up/work"), "mount /new");
}

static char *read_script(void) {
    char *text = calloc(1, SCRIPT_LIMIT);
    int fd = open("/start", O_RDONLY | O_CLOEXEC);
    must(fd, "open /start");
    must((int)read(fd, text, SCRIPT_LIMIT - 1), "read /start");
    close(fd);
    return text;
}

int main(void) {
    load_modules();
    mount_root();
    char *script = read_script();
    must(chdir("/new"), "enter /new");
    must(mount(".", "/", NULL, MS_MOVE, NULL), "move /new");
    must(chroot("."), "change the root");
    must(chdir("/"), "enter the root");
    pid_t shell = fork();
    must(shell, "fork");
    if (shell == 0) {
        setsid();
        execl("/bin/sh", "sh", "-ec", script, NULL);
        _exit(127);
    }
    pid_t ended;
    do ended = wait(NULL);
    while (ended != shell && (ended > 0 || errno == EINTR));
    end_machine();
}
