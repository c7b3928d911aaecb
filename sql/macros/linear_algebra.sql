-- Small dense linear algebra over lists, for the forecasts' least squares: vectors are DOUBLE[], matrices DOUBLE[][]
-- by rows.

-- The solution of A x = b, as a vector of `size`: `system` holds the rows of A with b as their last element. By
-- Gauss-Jordan elimination without a search for pivots, which a symmetric positive definite A (a ridge's normal
-- equations) does not need; Golub and Van Loan, Matrix Computations, 4.2. Step k divides row k by its first element,
-- clears the first column of the others, and drops that column: what is left in the end is the solution.
CREATE OR REPLACE MACRO solve_linear(system, size) AS list_transform(
    list_reduce(
        list_prepend(
            {'rows': system, 'k': 0},
            list_transform(range(1, size + 1), lambda step: {'rows': CAST(NULL AS DOUBLE[][]), 'k': CAST(step AS INTEGER)})
        ),
        lambda done, step: {
            'rows': list_transform(
                [list_transform(done.rows[step.k][2:], lambda e: e / done.rows[step.k][1])],
                lambda chosen: list_transform(
                    done.rows,
                    lambda line, i: CASE
                        WHEN i = step.k THEN chosen ELSE list_transform(line[2:], lambda e, j: e - line[1] * chosen[j])
                    END
                )
            )[1],
            'k': step.k
        }
    ).rows,
    lambda line: line[1]
);

-- The normal equations of a ridge regression, ready for solve_linear: `design` holds the columns of the regressors and, last,
-- the column of what they are to explain; `penalty` is added to the diagonal. Hoerl and Kennard, 1970.
CREATE OR REPLACE MACRO ridge_system(design, penalty) AS list_transform(
    design[1:len(design) - 1],
    lambda one, i: list_transform(
        design,
        lambda other, j: list_inner_product(one, other) + CASE WHEN i = j THEN penalty ELSE 0 END
    )
);

-- The value that a linear autoregression gives for element `t` of `path`: the intercept, which is the last of
-- `coefficients`, plus each coefficient times the element so many places (`lags`) earlier.
CREATE OR REPLACE MACRO lagged_value(path, coefficients, lags, t) AS
    coefficients[len(lags) + 1]
    + list_inner_product(coefficients[1:len(lags)], list_transform(lags, lambda l: path[t - l]));
