/* SPDX-License-Identifier: MIT */
/* Nothing, linked to the libraries that rerail is linked to: the time they take to load. */

int main(void)
{
    return 0;
}
