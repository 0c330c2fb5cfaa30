/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/policy/calendar.h"

#include <libical/ical.h>
#include <string.h>

#include "rebake/base/memory.h"

static const int64_t DAY_MS = INT64_C(24) * 3600 * 1000;
/* More occurrences than a window of a year has that begins each day, and those of a rule that skips
   centuries are few: what is looked at stays bounded. */
enum { OCCURRENCES_MAXIMUM = 2000 };

struct rb_calendar {
    icaltimezone *zone; /* libical's own */
    bool is_once;
    struct icalrecurrencetype recurrence;
    struct icaltimetype start; /* the first, in local time */
    int64_t for_ms;
    /* The last answer, and from when on it holds. */
    struct rb_calendar_state state;
    int64_t known_from;
    bool is_known;
};

static int64_t to_ms(icaltimetype local, icaltimezone *zone)
{
    return (int64_t)icaltime_as_timet_with_zone(local, zone) * 1000;
}

/* Without its zone: libical would compare it by the instant that it takes it for. */
static icaltimetype to_local(int64_t at, icaltimezone *zone)
{
    icaltimetype local = icaltime_from_timet_with_zone((time_t)(at / 1000), 0, zone);
    local.zone = NULL;
    return local;
}

/* libical takes the second of two times that are written alike, and the offset after a gap. */
static int64_t instant_of(icaltimetype local, icaltimezone *zone)
{
    int is_daylight;
    int64_t guess = to_ms(local, zone);
    icaltimetype before = icaltime_from_timet_with_zone((time_t)((guess - DAY_MS) / 1000), 0, NULL);
    int64_t offset_ms =
        (int64_t)icaltimezone_get_utc_offset_of_utc_time(zone, &before, &is_daylight) * 1000;
    int64_t by_old_offset = to_ms(local, icaltimezone_get_utc_timezone()) - offset_ms;
    bool old_fits = icaltime_compare(to_local(by_old_offset, zone), local) == 0;
    bool guess_fits = icaltime_compare(to_local(guess, zone), local) == 0;
    return old_fits || !guess_fits ? by_old_offset : guess;
}

static int read_recurrence(struct rb_calendar *calendar, const char *text, struct rb_err *err)
{
    calendar->recurrence = icalrecurrencetype_from_string(text);
    const struct icalrecurrencetype *rule = &calendar->recurrence;
    if (rule->freq == ICAL_NO_RECURRENCE)
        return rb_err_set(err, RB_EINVALID,
                          "recurrence \"%s\" is no rule of RFC 5545: write FREQ=DAILY, or "
                          "FREQ=WEEKLY;BYDAY=SA,SU",
                          text);
    if (rule->freq < ICAL_DAILY_RECURRENCE || rule->count > 0)
        return rb_err_set(err, RB_EINVALID,
                          "recurrence \"%s\": a window comes once a day at most, and is not "
                          "counted: write UNTIL instead of COUNT",
                          text);
    icalrecur_iterator *iterator = icalrecur_iterator_new(*rule, calendar->start);
    if (iterator == NULL)
        return rb_err_set(err, RB_EINVALID, "recurrence \"%s\" never comes", text);
    icalrecur_iterator_free(iterator);
    return 0;
}

/* "22:00", "2026-12-23" or "2026-12-23T18:00", checked before. A time of no day began long ago. */
static icaltimetype read_start(const char *text)
{
    const char *time = strchr(text, ':') == NULL ? "00:00" : text + strlen(text) - strlen("22:00");
    const char *day = strchr(text, '-') == NULL ? "2000-01-01" : text;
    char compact[] = "20000101T000000";
    memcpy(compact, day, 4);
    memcpy(compact + 4, day + 5, 2);
    memcpy(compact + 6, day + 8, 2);
    memcpy(compact + 9, time, 2);
    memcpy(compact + 11, time + 3, 2);
    return icaltime_from_string(compact);
}

int rb_calendar_new(const struct rb_policy_window *window, struct rb_calendar **ret,
                    struct rb_err *err)
{
    icaltimezone *zone = strcmp(window->timezone, "UTC") == 0
                             ? icaltimezone_get_utc_timezone()
                             : icaltimezone_get_builtin_timezone(window->timezone);
    /* libical would read the zone's file when it is first needed: whoever evaluates may open none.
     */
    if (zone == NULL ||
        (zone != icaltimezone_get_utc_timezone() && icaltimezone_get_component(zone) == NULL))
        return rb_err_set(err, RB_EINVALID,
                          "timezone \"%s\" is not one that this machine knows: write one of the tz "
                          "database, as Europe/Berlin",
                          window->timezone);
    struct rb_calendar *calendar = rb_zalloc(sizeof(*calendar));
    calendar->zone = zone;
    calendar->start = read_start(window->start);
    calendar->for_ms = window->for_ms;
    calendar->is_once = window->recurrence == NULL;
    int status = calendar->is_once ? 0 : read_recurrence(calendar, window->recurrence, err);
    if (status != 0) {
        rb_calendar_free(calendar);
        return status;
    }
    *ret = calendar;
    return 0;
}

void rb_calendar_free(struct rb_calendar *calendar)
{
    rb_free(calendar);
}

/* Goes along the occurrences' beginnings, in their order, from one that cannot last until `at`. */
struct walk {
    const struct rb_calendar *calendar;
    icalrecur_iterator *iterator; /* NULL: of a window that comes once */
    bool is_over;
    int left;
};

static void walk_begin(struct walk *walk, const struct rb_calendar *calendar, int64_t at)
{
    *walk = (struct walk){.calendar = calendar, .left = OCCURRENCES_MAXIMUM};
    if (calendar->is_once)
        return;
    walk->iterator = icalrecur_iterator_new(calendar->recurrence, calendar->start);
    icaltimetype from = to_local(at - calendar->for_ms - 2 * DAY_MS, calendar->zone);
    if (walk->iterator != NULL && icaltime_compare(from, calendar->start) > 0)
        icalrecur_iterator_set_start(walk->iterator, from);
}

static bool walk_next(struct walk *walk, int64_t *ret_at)
{
    const struct rb_calendar *calendar = walk->calendar;
    icaltimetype next = calendar->start;
    if (walk->is_over || walk->left-- == 0)
        return false;
    if (calendar->is_once)
        walk->is_over = true;
    else
        next =
            walk->iterator == NULL ? icaltime_null_time() : icalrecur_iterator_next(walk->iterator);
    if (icaltime_is_null_time(next))
        return false;
    *ret_at = instant_of(next, calendar->zone);
    return true;
}

static void walk_end(struct walk *walk)
{
    if (walk->iterator != NULL)
        icalrecur_iterator_free(walk->iterator);
}

static struct rb_calendar_state find_state(const struct rb_calendar *calendar, int64_t at)
{
    struct rb_calendar_state state = {0};
    struct walk walk;
    int64_t begins_at;
    walk_begin(&walk, calendar, at);
    while (walk_next(&walk, &begins_at)) {
        int64_t ends_at = begins_at + calendar->for_ms;
        if (state.open && begins_at > state.until_at)
            break;
        if (begins_at > at && !state.open) {
            state.until_at = begins_at;
            break;
        }
        if (ends_at > at) {
            state.open = true;
            state.until_at = ends_at;
        }
    }
    walk_end(&walk);
    return state;
}

struct rb_calendar_state rb_calendar_at(struct rb_calendar *calendar, int64_t at)
{
    bool holds = calendar->is_known && at >= calendar->known_from &&
                 (calendar->state.until_at == 0 || at < calendar->state.until_at);
    if (!holds) {
        calendar->state = find_state(calendar, at);
        calendar->known_from = at;
        calendar->is_known = true;
    }
    return calendar->state;
}
