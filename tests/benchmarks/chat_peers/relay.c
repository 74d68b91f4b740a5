/* relay.c - how fast a chat can be: one thread, epoll, one send per receiver and turn.
 *
 * Build:  cc -O2 -Wall -Wextra -o relay relay.c
 *
 * It understands "/join NAME" (in room0 to room99) and "/nick NAME", and passes every other
 * line on to the channel, the sender included. It keeps no history and writes no time; what
 * a client does not take at once waits in its outbox, and over 1 MiB it is disconnected.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHANNELS = 100, CLIENTS = 4096, LINE = 2048, OUTBOX = 1 << 20 };

struct buffer { char *data; size_t length, room; };
struct client {
    char nick[32], rest[LINE];
    size_t rest_length;
    int channel, place, is_dirty;
    struct buffer outbox;
};

static struct client *clients[CLIENTS];           /* by file descriptor */
static int members[CHANNELS][CLIENTS], count[CHANNELS];
static int dirty[CLIENTS], dirty_count;           /* who has something in the outbox */
static int poller;

static void append(int fd, const char *data, size_t length)
{
    struct client *c = clients[fd];
    struct buffer *b = &c->outbox;
    if (b->length + length > b->room)
        b->data = realloc(b->data, b->room = 2 * (b->length + length));
    memcpy(b->data + b->length, data, length);
    b->length += length;
    if (!c->is_dirty) {
        c->is_dirty = 1;
        dirty[dirty_count++] = fd;
    }
}

static void leave_channel(struct client *c)
{
    if (c->channel < 0)
        return;
    int last = members[c->channel][--count[c->channel]];
    members[c->channel][c->place] = last;
    clients[last]->place = c->place;
    c->channel = -1;
}

static void end_client(int fd)
{
    leave_channel(clients[fd]);
    free(clients[fd]->outbox.data);
    free(clients[fd]);
    clients[fd] = NULL;
    close(fd);
}

static void join_channel(int fd, int channel)
{
    struct client *c = clients[fd];
    char line[100];
    leave_channel(c);
    c->channel = channel;
    c->place = count[channel];
    members[channel][count[channel]++] = fd;
    append(fd, line, (size_t)sprintf(line, "* you are %s in #room%d\n", c->nick, channel));
}

static void handle(int fd, const char *line, size_t length)
{
    struct client *c = clients[fd];
    char whole[LINE + 64];
    int channel;
    if (sscanf(line, "/nick %31[^\n]", c->nick) == 1)
        return;
    if (sscanf(line, "/join room%d", &channel) == 1 && channel >= 0 && channel < CHANNELS) {
        join_channel(fd, channel);
        return;
    }
    if (c->channel < 0)
        return;
    size_t start = (size_t)sprintf(whole, "<%s> ", c->nick);
    memcpy(whole + start, line, length);
    for (int i = 0; i < count[c->channel]; i++)
        append(members[c->channel][i], whole, start + length);
}

static void receive(int fd)
{
    static char data[65536 + LINE + 1];
    struct client *c = clients[fd];
    memcpy(data, c->rest, c->rest_length);
    ssize_t got = recv(fd, data + c->rest_length, 65536, MSG_DONTWAIT);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN)
            end_client(fd);
        return;
    }
    char *line = data, *end = data + c->rest_length + got, *newline;
    *end = 0;
    while ((newline = memchr(line, '\n', (size_t)(end - line))) != NULL) {
        if (newline - line < LINE)
            handle(fd, line, (size_t)(newline + 1 - line));
        line = newline + 1;
    }
    c->rest_length = (size_t)(end - line) < LINE ? (size_t)(end - line) : 0;
    memcpy(c->rest, line, c->rest_length);
}

static void watch(int fd, int operation, unsigned events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    epoll_ctl(poller, operation, fd, &event);
}

static void flush(int fd)
{
    struct client *c = clients[fd];
    struct buffer *b = &c->outbox;
    ssize_t sent = send(fd, b->data, b->length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && (errno != EAGAIN || b->length > OUTBOX)) {
        end_client(fd);
        return;
    }
    if (sent > 0) {
        memmove(b->data, b->data + sent, b->length - (size_t)sent);
        b->length -= (size_t)sent;
    }
    watch(fd, EPOLL_CTL_MOD, b->length ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void accept_client(int listening)
{
    int one = 1, fd = accept(listening, NULL, NULL);
    if (fd < 0)
        return;
    if (fd >= CLIENTS) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    clients[fd] = calloc(1, sizeof *clients[fd]);
    clients[fd]->channel = -1;
    strcpy(clients[fd]->nick, "guest");
    watch(fd, EPOLL_CTL_ADD, EPOLLIN);
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listening, (void *)&address, size) < 0 || listen(listening, 128) < 0) {
        perror("listen");
        return 1;
    }
    getsockname(listening, (void *)&address, &size);
    printf("Listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    signal(SIGPIPE, SIG_IGN);
    poller = epoll_create1(0);
    watch(listening, EPOLL_CTL_ADD, EPOLLIN);
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listening)
                accept_client(listening);
            else if (events[i].events & EPOLLOUT)
                append(fd, "", 0);
            if (fd != listening && clients[fd] && events[i].events & ~(unsigned)EPOLLOUT)
                receive(fd);
        }
        int all = dirty_count;
        dirty_count = 0;
        for (int i = 0; i < all; i++)
            if (clients[dirty[i]]) {
                clients[dirty[i]]->is_dirty = 0;
                flush(dirty[i]);
            }
    }
}
