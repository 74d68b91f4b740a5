/* Exercise 4 in C: one thread per client, and an array of client sockets.
 *
 * Run ./server [HOST] [PORT]. It relays each line of a client to all the others.
 */

#define _POSIX_C_SOURCE 200809L

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MAX_LINE = 64 * 1024, /* bytes, without the newline */
    FOR_EVER = -1,
    MOST_DISCARDED = 64 /* pieces of what a client sends while it is disconnected */
};

static int stop_pipe[2]; /* there is something to read when the server is to end */

/* The array of client sockets. The lock is held to use it, and to send. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t somebody_left = PTHREAD_COND_INITIALIZER;
static int *clients;
static size_t client_count, client_space;

/* Say what the user can mend, in one line, and end with status 1. */
static noreturn void fail(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fputs("error: ", stderr);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    exit(1);
}

/* -- the command line ------------------------------------------------------------- */

/* Return text if it is a port number, or end. */
static const char *port_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] || atoi(text) > 65535)
        fail("'%s' is not a port number (0 to 65535)", text);
    return text;
}

/* End with status 2 unless there is a HOST and a PORT at most, and no option. */
static void check_usage(int count, char **arguments)
{
    bool wrong = count > 3;
    for (int i = 1; i < count; i++)
        if (arguments[i][0] == '-' && !isdigit((unsigned char)arguments[i][1]))
            wrong = true;
    if (wrong) {
        fprintf(stderr, "usage: %s [HOST] [PORT]\n", arguments[0]);
        exit(2);
    }
}

/* -- Ctrl+C ----------------------------------------------------------------------- */

/* SIGINT and SIGTERM: every wait of every thread is a poll() that looks here, too. */
static void stop(int number)
{
    int error = errno;
    (void)number;
    if (write(stop_pipe[1], "", 1) < 0)
        errno = error; /* the pipe is full: it has been said often enough */
    errno = error;
}

static void set_signals(void)
{
    struct sigaction action = {.sa_handler = stop};
    if (pipe(stop_pipe) < 0 || fcntl(stop_pipe[1], F_SETFL, O_NONBLOCK) < 0)
        fail("no pipe: %s", strerror(errno));
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN; /* send() to a client that has gone returns EPIPE */
    sigaction(SIGPIPE, &action, NULL);
}

/* -- the listening socket --------------------------------------------------------- */

/* Return the first IPv4 address of the host, or end. */
static struct addrinfo *find_address(const char *host, const char *port)
{
    struct addrinfo *address, wanted = {.ai_family = AF_INET};
    wanted.ai_socktype = SOCK_STREAM;
    int error = getaddrinfo(host, port, &wanted, &address);
    if (error)
        fail("cannot listen on %s:%s: %s", host, port, gai_strerror(error));
    return address;
}

/* Print where the socket listens: for port 0 the system has chosen one. */
static void print_address(int socket)
{
    struct sockaddr_storage own;
    socklen_t size = sizeof own;
    char host[64], port[16];
    getsockname(socket, (struct sockaddr *)&own, &size);
    getnameinfo((struct sockaddr *)&own, size, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
    printf("Listening on %s:%s\n", host, port);
    fflush(stdout);
}

/* Return a socket that listens there and never blocks, or end. */
static int open_listening_socket(const char *host, const char *port)
{
    struct addrinfo *address = find_address(host, port);
    int opened = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    if (opened < 0
        || setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0
        || bind(opened, address->ai_addr, address->ai_addrlen) < 0
        || listen(opened, SOMAXCONN) < 0 || fcntl(opened, F_SETFL, O_NONBLOCK) < 0)
        fail("cannot listen on %s:%s: %s", host, port, strerror(errno));
    freeaddrinfo(address);
    print_address(opened);
    return opened;
}

/* -- waiting ---------------------------------------------------------------------- */

/* Wait until a socket is ready; false when the time is up, or the server is to end. */
static bool wait_for(int socket, short events, int milliseconds)
{
    struct pollfd waiting[] = {{.fd = socket, .events = events},
                               {.fd = stop_pipe[0], .events = POLLIN}};
    int ready;
    do
        ready = poll(waiting, 2, milliseconds);
    while (ready < 0 && errno == EINTR);
    return ready > 0 && waiting[1].revents == 0;
}

/* Tell whether recv() or send() is to be tried again. */
static bool try_again(ssize_t result)
{
    return result < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Receive what has come; 0: the client has closed, -1: it has gone, or must go. */
static ssize_t receive(int client, char *data, size_t size)
{
    while (wait_for(client, POLLIN, FOR_EVER)) {
        ssize_t length = recv(client, data, size, 0);
        if (length >= 0 || (errno != EAGAIN && errno != EINTR))
            return length;
    }
    return -1;
}

/* Send all; when the client has gone, its own thread will notice. */
static void send_all(int client, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(client, data, length, 0);
        if (sent < 0 && !(try_again(sent) && wait_for(client, POLLOUT, FOR_EVER)))
            return;
        if (sent > 0) {
            data += sent;
            length -= (size_t)sent;
        }
    }
}

/* -- the array of clients --------------------------------------------------------- */

/* Give a client a place in the array; false when there is no memory for it. */
static bool add_client(int client)
{
    pthread_mutex_lock(&lock);
    if (client_count == client_space) {
        size_t space = client_space * 2 + 8;
        int *larger = realloc(clients, space * sizeof *clients);
        clients = larger ? larger : clients;
        client_space = larger ? space : client_space;
    }
    bool has_place = client_count < client_space;
    if (has_place)
        clients[client_count++] = client;
    pthread_mutex_unlock(&lock);
    return has_place;
}

/* Take a client out of the array, and close its socket. */
static void remove_client(int client)
{
    pthread_mutex_lock(&lock);
    size_t place = 0;
    while (clients[place] != client)
        place++;
    clients[place] = clients[--client_count];
    close(client);
    pthread_cond_signal(&somebody_left);
    pthread_mutex_unlock(&lock);
}

static void wait_until_all_have_left(void)
{
    pthread_mutex_lock(&lock);
    while (client_count > 0)
        pthread_cond_wait(&somebody_left, &lock);
    pthread_mutex_unlock(&lock);
}

/* Send whole lines of one client to all the others, before anybody else's. */
static void relay(int sender, const char *lines, size_t length)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < client_count; i++)
        if (clients[i] != sender)
            send_all(clients[i], lines, length);
    pthread_mutex_unlock(&lock);
}

/* -- one client ------------------------------------------------------------------- */

/* Return the length of the whole lines, to the last newline. */
static size_t whole_lines(const char *data, size_t length)
{
    while (length > 0 && data[length - 1] != '\n')
        length--;
    return length;
}

/* Relay what a client says, until it leaves or says a line that is too long.
 *
 * What stands behind the last newline stays in the buffer for the next turn.
 */
static void relay_lines(int client)
{
    char buffer[MAX_LINE + 1]; /* the longest line and its newline */
    size_t length = 0;
    ssize_t came = 1;
    while (came > 0 && length < sizeof buffer) {
        came = receive(client, buffer + length, sizeof buffer - length);
        if (came == 0 && length > 0)
            buffer[length++] = '\n'; /* the last line had none */
        length += came > 0 ? (size_t)came : 0;
        size_t whole = whole_lines(buffer, length);
        if (whole > 0)
            relay(client, buffer, whole);
        length -= whole;
        memmove(buffer, buffer + whole, length);
    }
}

/* Half-close, and read what is there: a close with unread input would be a reset. */
static void say_goodbye(int client)
{
    char data[4096];
    shutdown(client, SHUT_WR);
    for (int i = 0; i < MOST_DISCARDED; i++)
        if (recv(client, data, sizeof data, 0) <= 0)
            return;
}

/* The work of one thread: its client from the first line to the last. */
static void *serve_client(void *argument)
{
    int client = (int)(intptr_t)argument;
    relay_lines(client);
    say_goodbye(client);
    remove_client(client);
    return NULL;
}

/* -- all clients ------------------------------------------------------------------ */

/* Start a thread that nobody joins: it takes its client out of the array at its end. */
static bool start_thread(int client)
{
    pthread_t thread;
    void *argument = (void *)(intptr_t)client;
    if (pthread_create(&thread, NULL, serve_client, argument) != 0)
        return false;
    pthread_detach(thread);
    return true;
}

/* Give a client a place in the array and a thread. */
static void start_client(int client)
{
    fcntl(client, F_SETFL, O_NONBLOCK);
    if (!add_client(client)) {
        close(client);
    } else if (!start_thread(client)) {
        fputs("There are too many threads: a client was disconnected.\n", stderr);
        remove_client(client);
    }
}

/* Take clients until the server is to end. */
static void accept_clients(int listening)
{
    while (wait_for(listening, POLLIN, FOR_EVER)) {
        int client = accept(listening, NULL, NULL);
        if (client >= 0)
            start_client(client);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS)
            wait_for(-1, 0, 100); /* somebody may have left then */
    }
}

int main(int count, char **arguments)
{
    check_usage(count, arguments);
    const char *host = count > 1 ? arguments[1] : "127.0.0.1";
    const char *port = port_number(count > 2 ? arguments[2] : "8080");
    set_signals();
    int listening = open_listening_socket(host, port);
    accept_clients(listening);
    close(listening);
    wait_until_all_have_left();
    free(clients);
    return 0;
}
