#include "bench/loopback/terminal.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* the other page, so that what was there before is there afterwards; no cursor */
static const char enter[] = "\x1b[?1049h\x1b[?25l\x1b[2J";
static const char leave[] = "\x1b[?25h\x1b[?1049l";

void terminal_open(struct terminal *t, bool wants_screen)
{
    struct termios raw;

    *t = (struct terminal){0};
    if (tcgetattr(STDIN_FILENO, &t->before) == 0 && tcgetpgrp(STDIN_FILENO) == getpgrp()) {
        raw = t->before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        t->is_raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    }
    t->is_screen = wants_screen && isatty(STDOUT_FILENO);
    if (t->is_screen)
        terminal_write(enter, sizeof(enter) - 1);
}

void terminal_close(struct terminal *t)
{
    if (t->is_screen)
        terminal_write(leave, sizeof(leave) - 1);
    if (t->is_raw)
        tcsetattr(STDIN_FILENO, TCSANOW, &t->before);
    *t = (struct terminal){0};
}

void terminal_size(unsigned *columns, unsigned *rows)
{
    struct winsize size;
    bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row;

    *columns = is_known ? size.ws_col : 80;
    *rows = is_known ? size.ws_row : 24;
}

void terminal_write(const char *text, size_t n)
{
    while (n) {
        ssize_t written = write(STDOUT_FILENO, text, n);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        text += written;
        n -= (size_t)written;
    }
}
