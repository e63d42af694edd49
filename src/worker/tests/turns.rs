//! Whose job is begun when a ring is answered.

use super::*;
use crate::ledger::{Lane, OrganisationChange};

impl House {
    async fn accept_many(&self, organisation: &str, count: usize) -> Vec<JobId> {
        let mut jobs = Vec::new();
        for _ in 0..count {
            jobs.push(self.accept_for(organisation).await);
        }
        jobs
    }

    async fn has_succeeded(&self, id: JobId) -> bool {
        self.job(id).await.state == JobState::Succeeded
    }
}

#[tokio::test]
async fn a_ring_serves_whoever_comes_next_and_no_job_is_left_over() {
    let house = house([]).await;
    let large = house.accept_many("large", 12).await;
    house.worker.answer(large[0]).await;
    let small = house.accept_for("small").await;
    house.worker.answer(large[1]).await;
    assert!(house.has_succeeded(small).await, "it came with the next ring, though twelve rings stood before its own");
    assert!(!house.has_succeeded(large[1]).await);
    for ring in large[2..].iter().chain([&small]) {
        house.worker.answer(*ring).await;
    }
    for job in large.iter().chain([&small]) {
        assert!(house.has_succeeded(*job).await);
    }
    assert_eq!(house.renders(), 13, "each once");
}

#[tokio::test]
async fn a_ring_spent_on_a_job_without_one_is_rung_again() {
    let house = house([]).await;
    let large = house.accept_many("large", 3).await;
    let due = house.ledger.due(2, Duration::from_secs(60)).await.unwrap();
    assert_eq!(due.jobs, large[..2]);
    let small = house.accept_for("small").await;
    house.worker.answer(large[0]).await;
    house.worker.answer(large[1]).await;
    assert!(house.has_succeeded(small).await && house.has_succeeded(large[0]).await);
    let due = house.ledger.due(9, Duration::from_secs(60)).await.unwrap();
    assert_eq!(due.jobs, large[1..], "the one whose ring was spent, and the one never rung for");
}

#[tokio::test]
async fn a_late_ring_serves_what_waits_and_hurts_nobody_where_nothing_does() {
    let house = house([]).await;
    let jobs = house.accept_many("one", 2).await;
    house.worker.answer(jobs[0]).await;
    house.worker.answer(jobs[0]).await;
    assert!(house.has_succeeded(jobs[1]).await);
    house.worker.answer(jobs[0]).await;
    house.worker.answer(JobId::fresh()).await;
    assert_eq!(house.renders(), 2);
}

#[tokio::test]
async fn the_department_comes_every_second_time() {
    let house = house([]).await;
    let change = OrganisationChange { lane: Some(Lane::Department), ..OrganisationChange::default() };
    house.ledger.add_organisation(&"so".parse().unwrap(), &change).await.unwrap().unwrap();
    let (first, second) = (house.accept_many("khoi-1", 4).await, house.accept_many("khoi-2", 4).await);
    let department = house.accept_many("so", 3).await;
    let mut order = Vec::new();
    let mut waiting: Vec<(JobId, &str)> = Vec::new();
    for (jobs, name) in [(&first, "1"), (&second, "2"), (&department, "S")] {
        waiting.extend(jobs.iter().map(|job| (*job, name)));
    }
    for ring in first.iter().chain(&second).chain(&department) {
        house.worker.answer(*ring).await;
        for (place, (job, name)) in waiting.clone().into_iter().enumerate() {
            if house.has_succeeded(job).await {
                order.push(name);
                waiting.remove(place);
                break;
            }
        }
    }
    assert_eq!(order.concat(), "S1S2S121212");
}
