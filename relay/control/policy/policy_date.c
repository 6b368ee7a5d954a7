#include "relay/control/policy/policy_date.h"

#include <stddef.h>

#define LAST_DAY_START INT64_C(253402214400) /* 9999-12-31 */

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days since 1970-01-01, of the calendar's 400-year cycle of 146097 days, counted from March so
 * that the leap day comes last. */
static int64_t days_since_epoch(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int m = month <= 2 ? month + 9 : month - 3;
    int cycle = y / 400;
    int y_of_cycle = y % 400;
    int day_of_year = (153 * m + 2) / 5 + day - 1;
    int day_of_cycle = y_of_cycle * 365 + y_of_cycle / 4 - y_of_cycle / 100 + day_of_year;

    return (int64_t)cycle * 146097 + day_of_cycle - 719468;
}

bool policy_date_parse(const char *text, int64_t *start)
{
    static const char form[] = "0000-00-00";
    int number[10];
    int year;
    int month;
    int day;

    for (size_t i = 0; i < sizeof(form); i++) {
        bool is_digit = text[i] >= '0' && text[i] <= '9';

        if (form[i] == '0' ? !is_digit : text[i] != form[i])
            return false;
        if (is_digit)
            number[i] = text[i] - '0';
    }
    year = number[0] * 1000 + number[1] * 100 + number[2] * 10 + number[3];
    month = number[5] * 10 + number[6];
    day = number[8] * 10 + number[9];
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month))
        return false;
    *start = days_since_epoch(year, month, day) * POLICY_DAY_S;
    return true;
}

static char *put_number(char *to, int number, int digits)
{
    for (int i = digits - 1; i >= 0; i--, number /= 10)
        to[i] = (char)('0' + number % 10);
    return to + digits;
}

const char *policy_date_print(char buf[static POLICY_DATE_MAX], int64_t unix_time)
{
    int64_t at = unix_time < 0 ? 0 : unix_time > LAST_DAY_START ? LAST_DAY_START : unix_time;
    int days = (int)(at / POLICY_DAY_S);
    int year = 1970;
    int month = 1;
    char *to = buf;

    for (; days >= 365 + is_leap(year); year++)
        days -= 365 + is_leap(year);
    for (; days >= days_of_month(year, month); month++)
        days -= days_of_month(year, month);
    to = put_number(to, year, 4);
    *to++ = '-';
    to = put_number(to, month, 2);
    *to++ = '-';
    *put_number(to, days + 1, 2) = '\0';
    return buf;
}
