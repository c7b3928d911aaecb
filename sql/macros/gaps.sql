-- When a silence is a gap.

-- Entries that a silence must have cost, at the usual rate, to be one: `times` what the longest silence of an
-- hour usually costs, and never less than `at_least`, because so few are missing by chance.
CREATE OR REPLACE MACRO gap_threshold(usual, at_least := 30.0, times := 3.0) AS
    greatest(CAST(at_least AS DOUBLE), times * coalesce(usual, 0));
