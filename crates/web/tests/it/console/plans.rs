//! Plans: from the form to the portal.

use bando_domain::{DataLimit, SellingWindow, Starts};

use super::world::worlds;

/// A plan that uses every field.
const FULL: [(&str, &str); 23] = [
    ("name", "Weekend"),
    ("price", "99"),
    ("limit", "both"),
    ("validity", "1.5"),
    ("validity_unit", "days"),
    ("starts", "first-use"),
    ("data", "2,5"),
    ("data_unit", "GB"),
    ("down", "5"),
    ("up", "2"),
    ("burst_down", "10"),
    ("burst_up", "4"),
    ("burst_threshold_down", "3"),
    ("burst_threshold_up", "1.5"),
    ("burst_seconds", "8"),
    ("devices", "2"),
    ("days", "5"),
    ("days", "6"),
    ("days", "7"),
    ("from", "06:00"),
    ("to", ""),
    ("on_sale", "1"),
    ("ignored", "x"),
];

#[tokio::test]
async fn a_new_plan_is_on_the_portal_at_once() {
    for world in worlds().await {
        let owner = world.owner().await;
        let page = owner.submit("/console/plans", &FULL).await;
        page.shows(&["Customers see “Weekend” from now on", "KES\u{a0}99"]);
        let plans = world.app().plans(&world.shop.owner).await.unwrap();
        let plan = plans.iter().find(|p| p.name == "Weekend").unwrap();
        assert_eq!(plan.terms.validity_seconds, Some(129_600));
        assert_eq!(plan.terms.data, Some(DataLimit::from_bytes(2_500_000_000)));
        assert_eq!(plan.terms.starts, Starts::FirstUse);
        assert_eq!(
            plan.terms.rate.unwrap().to_string(),
            "2M/5M 4M/10M 1500k/3M 8/8"
        );
        let window = SellingWindow {
            days: 0b111_0000,
            from_minute: 360,
            to_minute: 1440,
        };
        assert_eq!(plan.window, Some(window));
        // The clock stands at noon on a Friday.
        world
            .browser()
            .get("/p/mama-njeri")
            .await
            .is(200)
            .shows(&["Weekend", "KES\u{a0}99"]);

        // Saving what the form shows changes nothing.
        let path = format!("/console/plans/{}", plan.id);
        let form = owner.get(&path).await.is(200);
        form.shows(&[
            "value=\"1.5\"",
            "value=\"2500\"",
            "value=\"06:00\"",
            "value=\"Weekend\"",
            "value=\"99\"",
        ]);
        owner.submit(&path, &FULL).await;
        assert_eq!(
            world.app().plan(&world.shop.owner, plan.id).await.unwrap(),
            *plan
        );

        owner
            .submit(&path, &[("delete", "1")])
            .await
            .shows(&["no longer sold"])
            .hides(&["Weekend"]);
        world
            .browser()
            .get("/p/mama-njeri")
            .await
            .is(200)
            .hides(&["Weekend"]);
    }
}

#[tokio::test]
async fn a_form_comes_back_with_what_was_typed_and_what_is_wrong() {
    for world in worlds().await {
        let owner = world.owner().await;
        let with = |name: &str, value: &'static str| -> Vec<(&str, &str)> {
            FULL.map(|(n, v)| if n == name { (n, value) } else { (n, v) })
                .to_vec()
        };
        for (name, value, says) in [
            ("name", "", "Fill this in."),
            ("price", "", "Fill this in."),
            ("price", "twenty", "Write a number"),
            ("price", "-5", "Write a number"),
            ("price", "5.999", "Write a number"),
            ("validity", "", "Write a number"),
            ("validity", "0", "Between 1 minute and 10 years"),
            ("validity", "99999999", "Between 1 minute and 10 years"),
            ("data", "0", "More than nothing"),
            ("data", "99999999999999999999", "Write a number"),
            ("down", "fast", "Write a number"),
            ("down", "", "Fill in both speeds"),
            ("burst_down", "1", "A burst needs all five numbers"),
            ("burst_up", "", "A burst needs all five numbers"),
            ("burst_seconds", "0", "A burst needs all five numbers"),
            ("devices", "0", "Between 1 and 1,000"),
            ("from", "25:00", "two different times"),
        ] {
            let page = owner
                .post("/console/plans", &with(name, value))
                .await
                .is(422);
            let page = page.shows(&[says, "nothing was saved", "value=\"1.5\""]);
            assert!(
                page.body.contains("aria-invalid=\"true\""),
                "{name}={value}"
            );
        }
        assert_eq!(world.app().plans(&world.shop.owner).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn the_shortest_form_makes_the_plainest_plan() {
    for world in worlds().await {
        let owner = world.owner().await;
        let form = [
            ("name", "10 min"),
            ("price", "5"),
            ("validity", "10"),
            ("validity_unit", "minutes"),
            ("devices", "1"),
            ("on_sale", "1"),
        ];
        owner.submit("/console/plans", &form).await;
        let plans = world.app().plans(&world.shop.owner).await.unwrap();
        let plan = plans.iter().find(|p| p.name == "10 min").unwrap();
        assert_eq!(
            (plan.terms.validity_seconds, plan.terms.rate, plan.window),
            (Some(600), None, None)
        );
    }
}
